use super::samples::Samples;

/// What became of the probes of a run.
///
/// Each probe sent is in exactly one of `intact`, `changed`, `lost`, `unknown` and `waiting`.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Probes sent.
    pub sent: u64,
    /// Came back byte for byte.
    pub intact: u64,
    /// Came back, but not as they were sent.
    pub changed: u64,
    /// Not back within the probe timeout, on a line that stayed. One that comes later still moves to `intact` or `changed`.
    pub lost: u64,
    /// The line ended while they were under way: nobody can tell whether they arrived.
    pub unknown: u64,
    /// Still under way.
    pub waiting: u64,
    /// Came back more than once: each time after the first.
    pub duplicated: u64,
    /// Came back after a probe that was sent later.
    pub out_of_order: u64,
    /// Came back after they had been counted as lost.
    pub late: u64,
    /// Messages that are no echo of ours.
    pub foreign: u64,
    /// Round trips of all that came back on the line they went out on, changed or not.
    pub round_trips: Samples,
}

impl Report {
    /// Probes that came back.
    pub fn received(&self) -> u64 {
        self.intact + self.changed
    }

    /// Of the probes whose fate is known, how many are lost: 0 to 1; `None` before the first.
    pub fn loss(&self) -> Option<f64> {
        let decided = self.received() + self.lost;
        (decided > 0).then(|| self.lost as f64 / decided as f64)
    }
}
