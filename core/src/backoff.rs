//! How long to wait before the next dial.

use crate::policy::ReconnectPolicy;
use crate::time::Duration;

/// Counts failures and draws the waits: full jitter, `random(0, min(cap, base * 2^n))`.
///
/// Of the ways to spread a herd that was thrown off together, full jitter makes the fewest calls (AWS Architecture
/// Blog, "Exponential Backoff And Jitter"). The randomness comes from the seed alone.
#[derive(Clone, Debug)]
pub struct Backoff {
    failures: u32,
    random: fastrand::Rng,
}

impl Backoff {
    /// No failures yet; the same seed draws the same waits.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { failures: 0, random: fastrand::Rng::with_seed(seed) }
    }

    /// Counts one more failure and draws the wait before the next dial.
    pub fn fail(&mut self, policy: &ReconnectPolicy) -> Duration {
        let ceiling = policy.base().saturating_mul(2_u32.saturating_pow(self.failures)).min(policy.cap());
        self.failures = self.failures.saturating_add(1);
        self.within(ceiling)
    }

    /// Draws a wait between nothing and `window`, without counting a failure: for a peer that names the window.
    pub fn within(&mut self, window: Duration) -> Duration {
        let micros = u64::try_from(window.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.random.u64(0..=micros))
    }

    /// Forgets the failures: the line was stable.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// Failures in a row so far.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn waits_stay_below_a_ceiling_that_doubles_up_to_the_cap() {
        let policy = ReconnectPolicy::default();
        for seed in 0..200 {
            let mut backoff = Backoff::new(seed);
            for n in 0..100 {
                let ceiling = policy.base().saturating_mul(2_u32.saturating_pow(n)).min(policy.cap());
                assert!(backoff.fail(&policy) <= ceiling);
            }
        }
    }

    #[test]
    fn a_reset_begins_at_the_base_again() {
        let policy = ReconnectPolicy::default();
        let mut backoff = Backoff::new(1);
        for _ in 0..10 {
            backoff.fail(&policy);
        }
        backoff.reset();
        assert!(backoff.fail(&policy) <= policy.base());
    }
}
