//! Round trips of one line: the last, a smoothed one, and the recent ones.

use std::collections::VecDeque;

use crate::time::Duration;

/// How many recent round trips are kept; older ones are forgotten.
pub const MAX_SAMPLES: usize = 120;

/// Round trips of one generation of a line.
#[derive(Clone, Debug, Default)]
pub struct Rtt {
    smoothed: Option<Duration>,
    samples: VecDeque<Duration>,
}

impl Rtt {
    /// Takes in one measured round trip.
    pub fn record(&mut self, sample: Duration) {
        // RFC 6298 section 2.3, alpha = 1/8.
        self.smoothed = Some(self.smoothed.map_or(sample, |before| (before * 7 + sample) / 8));
        if self.samples.len() == MAX_SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// The latest round trip.
    #[must_use]
    pub fn last(&self) -> Option<Duration> {
        self.samples.back().copied()
    }

    /// Smoothed as TCP does it (RFC 6298).
    #[must_use]
    pub const fn smoothed(&self) -> Option<Duration> {
        self.smoothed
    }

    /// The middle one of the recent round trips.
    #[must_use]
    pub fn median(&self) -> Option<Duration> {
        let mut sorted: Vec<_> = self.samples.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    /// The recent round trips, oldest first, at most [`MAX_SAMPLES`].
    pub fn samples(&self) -> impl ExactSizeIterator<Item = Duration> + '_ {
        self.samples.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn keeps_a_bounded_number_of_samples() {
        let mut rtt = Rtt::default();
        for n in 0..1000 {
            rtt.record(Duration::from_millis(n));
        }
        assert_eq!(rtt.samples().len(), MAX_SAMPLES);
        assert_eq!(rtt.last(), Some(Duration::from_millis(999)));
        assert_eq!(rtt.median(), Some(Duration::from_millis(940)));
    }
}
