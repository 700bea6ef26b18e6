use crate::time::{Duration, Instant};

/// How fast something may go: so many a second on average, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// On average.
    pub per_second: f64,
    /// At once, after a rest.
    pub burst: f64,
}

/// A token bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    rate: Rate,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, tokens: rate.burst, filled: now }
    }

    /// Takes one token, if there is one.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled);
        self.filled = self.filled.max(now);
        self.tokens = (self.tokens + passed.as_secs_f64() * self.rate.per_second).min(self.rate.burst);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }

    /// Puts a token back that should not have been taken.
    pub(super) fn put_back(&mut self) {
        self.tokens = (self.tokens + 1.0).min(self.rate.burst);
    }

    /// Whether it is as full as a new one.
    pub(super) fn is_full(&self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled);
        self.tokens + passed.as_secs_f64() * self.rate.per_second >= self.rate.burst
    }

    /// How long an empty bucket needs to have a second's worth again (or one token, where that takes longer): whoever is told to
    /// wait less only hears the same again.
    pub(super) fn refill(&self) -> Duration {
        Duration::from_secs_f64((1.0 / self.rate.per_second).clamp(1.0, 3600.0))
    }
}
