//! Notices that the machine slept.
//!
//! On Linux and macOS the monotonic clock stands still while the machine sleeps, so no timer is late after waking:
//! only the wall clock has moved on. Comparing the two tells.

use std::time::{Duration, Instant, SystemTime};

/// How far the wall clock may run ahead of the monotonic one between two looks: clocks are corrected in small steps.
const TOLERATED: Duration = Duration::from_secs(2);

/// How often to look while a line is open and nothing else happens.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The two clocks as they were last seen.
#[derive(Debug)]
pub(super) struct Jumps {
    monotonic: Instant,
    wall: SystemTime,
}

impl Jumps {
    /// Begins with the clocks as they are.
    pub(super) fn new(monotonic: Instant, wall: SystemTime) -> Self {
        Self { monotonic, wall }
    }

    /// Whether the wall clock has jumped ahead since the last look. Set back, it says nothing: nobody sleeps backwards.
    pub(super) fn sample(&mut self, monotonic: Instant, wall: SystemTime) -> bool {
        let monotonic_passed = monotonic.saturating_duration_since(self.monotonic);
        let wall_passed = wall.duration_since(self.wall).unwrap_or_default();
        *self = Self { monotonic, wall };
        wall_passed > monotonic_passed + TOLERATED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jumps_after(monotonic_ms: u64, wall_ms: i64) -> bool {
        let (monotonic, wall) = (Instant::now(), SystemTime::now());
        let mut jumps = Jumps::new(monotonic, wall);
        let by = Duration::from_millis(wall_ms.unsigned_abs());
        let then = if wall_ms < 0 { wall - by } else { wall + by };
        jumps.sample(monotonic + Duration::from_millis(monotonic_ms), then)
    }

    #[test]
    fn only_a_wall_clock_far_ahead_is_a_jump() {
        assert!(!jumps_after(5000, 5000));
        assert!(!jumps_after(5000, 7000), "two seconds are a correction");
        assert!(jumps_after(5000, 7001));
        assert!(jumps_after(0, 3_600_000), "an hour's sleep with the monotonic clock standing still");
        assert!(!jumps_after(3_600_000, 0));
        assert!(!jumps_after(5000, -60_000), "set back");
    }

    #[test]
    fn each_jump_is_told_once() {
        let (monotonic, wall) = (Instant::now(), SystemTime::now());
        let mut jumps = Jumps::new(monotonic, wall);
        let woken = wall + Duration::from_secs(60);
        assert!(jumps.sample(monotonic, woken));
        assert!(!jumps.sample(monotonic, woken));
    }
}
