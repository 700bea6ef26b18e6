//! Round trips, kept within bounds: exact up to a thousand, then a histogram that is never off by more than one part in 64.
//!
//! A probe may run for days, so the samples cannot all be kept. Minimum, maximum, mean and jitter are exact however many there are;
//! median and p99 are exact up to [`EXACT`] samples and read from the histogram after that.

use crate::time::Duration;

/// Up to this many samples the percentiles are exact.
pub const EXACT: usize = 1_000;

/// Each doubling of the round trip is cut into this many buckets, so a bucket is at most 1/64 of its value wide.
const STEPS: u64 = 64;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Values below this have a bucket each, in microseconds.
const FINE: u64 = 2 * STEPS;

/// A bounded collection of round trips.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    exact: Vec<Duration>,
    /// Counts by bucket, grown to the largest bucket seen: at most some 3,800 numbers.
    buckets: Vec<u64>,
    count: u64,
    total: Duration,
    min: Option<Duration>,
    max: Option<Duration>,
    last: Option<Duration>,
    /// The sum of the differences between one sample and the next.
    differences: Duration,
}

impl Samples {
    /// Takes one more round trip.
    pub fn record(&mut self, sample: Duration) {
        if self.exact.len() < EXACT {
            self.exact.push(sample);
        }
        let bucket = bucket_of(micros(sample));
        if bucket >= self.buckets.len() {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] = self.buckets[bucket].saturating_add(1);
        self.count += 1;
        self.total = self.total.saturating_add(sample);
        self.min = Some(self.min.map_or(sample, |min| min.min(sample)));
        self.max = Some(self.max.map_or(sample, |max| max.max(sample)));
        if let Some(last) = self.last.replace(sample) {
            self.differences = self.differences.saturating_add(sample.abs_diff(last));
        }
    }

    /// How many samples were taken.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The shortest round trip; `None` before the first.
    pub fn min(&self) -> Option<Duration> {
        self.min
    }

    /// The longest round trip; `None` before the first.
    pub fn max(&self) -> Option<Duration> {
        self.max
    }

    /// The latest round trip; `None` before the first.
    pub fn last(&self) -> Option<Duration> {
        self.last
    }

    /// The arithmetic mean; `None` before the first.
    pub fn mean(&self) -> Option<Duration> {
        divide(self.total, self.count)
    }

    /// The median: [`percentile`](Self::percentile) 50.
    pub fn median(&self) -> Option<Duration> {
        self.percentile(50.0)
    }

    /// The smallest sample that at least `percent` percent of all samples do not exceed (nearest rank); `None` before the first.
    ///
    /// `percent` outside 0 to 100 is taken as the nearer end. Above [`EXACT`] samples the answer is at most 1/64 too high.
    pub fn percentile(&self, percent: f64) -> Option<Duration> {
        if self.count == 0 {
            return None;
        }
        let percent = if percent.is_nan() { 50.0 } else { percent.clamp(0.0, 100.0) };
        let rank = ((percent / 100.0 * self.count as f64).ceil() as u64).clamp(1, self.count);
        if self.is_exact() {
            let mut sorted = self.exact.clone();
            sorted.sort_unstable();
            return sorted.get(rank as usize - 1).copied();
        }
        let mut seen = 0_u64;
        let bucket = self.buckets.iter().position(|count| {
            seen = seen.saturating_add(*count);
            seen >= rank
        })?;
        let highest = Duration::from_micros(highest_of(bucket));
        Some(highest.min(self.max?).max(self.min?))
    }

    /// Jitter: the mean of the absolute differences between each round trip and the one answered before it.
    ///
    /// It is the plain mean over all samples, not the smoothed estimate of RFC 3550; `None` before the second sample.
    pub fn jitter(&self) -> Option<Duration> {
        divide(self.differences, self.count.saturating_sub(1))
    }

    /// Whether the percentiles are still exact.
    pub fn is_exact(&self) -> bool {
        self.count <= EXACT as u64
    }
}

fn micros(sample: Duration) -> u64 {
    u64::try_from(sample.as_micros()).unwrap_or(u64::MAX)
}

fn divide(sum: Duration, by: u64) -> Option<Duration> {
    (by > 0).then(|| Duration::from_nanos(u64::try_from(sum.as_nanos() / u128::from(by)).unwrap_or(u64::MAX)))
}

fn bucket_of(value: u64) -> usize {
    if value < FINE {
        return value as usize;
    }
    // The leading bit and the next six say which bucket it is.
    let shift = value.ilog2() - STEP_BITS;
    let bucket = u64::from(shift) * STEPS + (value >> shift);
    bucket as usize
}

fn highest_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < FINE {
        return bucket;
    }
    let shift = bucket / STEPS - 1;
    let lead = u128::from(bucket - shift * STEPS);
    u64::try_from(((lead + 1) << shift) - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn nothing_is_claimed_before_the_first_sample() {
        let samples = Samples::default();
        assert_eq!(samples.median(), None);
        assert_eq!(samples.mean(), None);
        assert_eq!(samples.jitter(), None);
    }

    #[test]
    fn small_numbers_are_exact() {
        let samples = of([30, 10, 20]);
        assert_eq!(samples.min(), Some(ms(10)));
        assert_eq!(samples.median(), Some(ms(20)));
        assert_eq!(samples.percentile(99.0), Some(ms(30)));
        assert_eq!(samples.max(), Some(ms(30)));
        assert_eq!(samples.mean(), Some(ms(20)));
        assert_eq!(samples.jitter(), Some(ms(15)), "|10-30| and |20-10|");
    }

    #[test]
    fn many_samples_stay_bounded_and_close() {
        let mut samples = Samples::default();
        for n in 1..=100_000_u64 {
            samples.record(Duration::from_micros(n));
        }
        assert!(samples.exact.len() <= EXACT && samples.buckets.len() < 4_000);
        assert!(!samples.is_exact());
        for (percent, truth) in [(50.0, 50_000_u64), (99.0, 99_000), (100.0, 100_000)] {
            let told = samples.percentile(percent).unwrap().as_micros() as u64;
            assert!(told >= truth && told - truth <= truth / 64 + 1, "p{percent}: {told} for {truth}");
        }
    }

    #[test]
    fn every_value_lies_in_a_bucket_that_holds_it() {
        for value in (0..2_000).chain((6..64).flat_map(|bit| {
            let power = 1_u64 << bit;
            [power - 1, power, power + 1, power + power / 3]
        })) {
            let bucket = bucket_of(value);
            assert!(highest_of(bucket) >= value);
            assert!(bucket == 0 || highest_of(bucket - 1) < value, "{value} belongs lower than {bucket}");
        }
        assert_eq!(highest_of(bucket_of(u64::MAX)), u64::MAX);
    }

    #[test]
    fn absurd_samples_do_not_overflow() {
        let mut samples = Samples::default();
        for _ in 0..3 {
            samples.record(Duration::MAX);
            samples.record(Duration::ZERO);
        }
        assert_eq!(samples.max(), Some(Duration::MAX));
        assert!(samples.mean().is_some() && samples.jitter().is_some());
        assert!(samples.percentile(f64::NAN).is_some());
    }

    fn of<const N: usize>(millis: [u64; N]) -> Samples {
        let mut samples = Samples::default();
        millis.into_iter().for_each(|n| samples.record(ms(n)));
        samples
    }

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }
}
