use crate::time::Duration;

/// Whether probes travel as Text or as Binary messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProbeKind {
    /// Text messages.
    #[default]
    Text,
    /// Binary messages.
    Binary,
}

/// A run of probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbePlan {
    /// How many to send; `None`: until stopped.
    pub count: Option<u64>,
    /// The time between two probes.
    pub interval: Duration,
    /// Bytes of a probe. Smaller ones than [`ProbePlan::least`] are made as large as that.
    pub size: usize,
    /// Text or Binary.
    pub kind: ProbeKind,
    /// A probe that is not back within this is lost.
    pub timeout: Duration,
}

/// Why a plan cannot work. Its writer is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Faster than any clock of a page ticks.
    #[error("an interval of {0:?} between probes is too short: 1 ms is the least")]
    IntervalTooShort(Duration),
    /// Nothing could come back in no time.
    #[error("a probe timeout of {0:?} is too short: 1 ms is the least")]
    TimeoutTooShort(Duration),
    /// Longer than anybody waits, and than sums of times can hold.
    #[error("{0:?} is too long: a day is the most")]
    TooLong(Duration),
    /// More than an endpoint takes in one message.
    #[error("probes of {0} bytes are too large: {max} is the most", max = ProbePlan::MAX_SIZE)]
    TooLarge(usize),
    /// A run of no probes.
    #[error("a run has at least one probe")]
    NoProbes,
}

impl ProbePlan {
    /// The largest probe, in bytes: 16 MiB.
    pub const MAX_SIZE: usize = 16 * 1024 * 1024;
    const LEAST: Duration = Duration::from_millis(1);
    const MOST: Duration = Duration::from_secs(24 * 60 * 60);

    /// The smallest probe, in bytes: what tells it from others needs 20 as binary, and 24 and more as text.
    #[must_use]
    pub const fn least(kind: ProbeKind) -> usize {
        match kind {
            ProbeKind::Text => super::payload::TEXT_HEADER,
            ProbeKind::Binary => super::payload::BINARY_HEADER,
        }
    }

    /// Whether it can work.
    ///
    /// # Errors
    /// The first number that cannot be.
    pub fn check(&self) -> Result<(), PlanError> {
        if self.count == Some(0) {
            return Err(PlanError::NoProbes);
        }
        if self.interval < Self::LEAST {
            return Err(PlanError::IntervalTooShort(self.interval));
        }
        if self.timeout < Self::LEAST {
            return Err(PlanError::TimeoutTooShort(self.timeout));
        }
        if let Some(long) = [self.interval, self.timeout].into_iter().find(|time| *time > Self::MOST) {
            return Err(PlanError::TooLong(long));
        }
        if self.size > Self::MAX_SIZE {
            return Err(PlanError::TooLarge(self.size));
        }
        Ok(())
    }
}

impl Default for ProbePlan {
    /// As ping(8): one a second, 56 bytes, until stopped; lost after 5 s, which is longer than any round trip on Earth.
    fn default() -> Self {
        Self {
            count: None,
            interval: Duration::from_secs(1),
            size: 56,
            kind: ProbeKind::Text,
            timeout: Duration::from_secs(5),
        }
    }
}
