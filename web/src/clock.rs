//! The page's two clocks, and what their disagreement tells.
//!
//! The monotonic clock may stand still while the machine sleeps; the wall clock does not. A page hears of no sleep,
//! so it compares the two whenever it is called.

use heartline_core::time::{Duration, Instant};

/// How much further than the monotonic clock the wall clock must have moved to count as a sleep.
/// Below this lie rounding of `performance.now()` and the small steps by which the system corrects its clock.
const JUMP: Duration = Duration::from_secs(2);

/// Milliseconds since 1970 by the wall clock.
pub fn wall_ms() -> f64 {
    js_sys::Date::now()
}

/// Notices that the wall clock ran ahead of the monotonic one since the last look.
#[derive(Debug)]
pub struct JumpDetector {
    last: Option<(f64, Instant)>,
}

impl JumpDetector {
    /// A detector that has not looked yet.
    pub fn new() -> Self {
        Self { last: None }
    }

    /// Looks at both clocks (`wall` in milliseconds) and says whether time passed that the monotonic clock did not see.
    ///
    /// A wall clock that was set back is no sleep.
    pub fn observe(&mut self, wall: f64, now: Instant) -> bool {
        let Some((last_wall, last_now)) = self.last.replace((wall, now)) else { return false };
        let monotonic_ms = now.saturating_duration_since(last_now).as_secs_f64() * 1000.0;
        (wall - last_wall) - monotonic_ms > JUMP.as_secs_f64() * 1000.0
    }
}

impl Default for JumpDetector {
    fn default() -> Self {
        Self::new()
    }
}

/// The time of day here and now: `14:03:21`.
pub fn time_of_day() -> String {
    let now = js_sys::Date::new_0();
    [two(now.get_hours()), ":".to_owned(), two(now.get_minutes()), ":".to_owned(), two(now.get_seconds())]
        .concat()
}

/// A moment of the past as the time of day, with its date if that is not today's: `14:03`, `2026-11-22 14:03`.
pub fn moment(ms: u64) -> String {
    // Beyond what a date can be, the browser's "invalid date" has fields of NaN, which become 0.
    let then = js_sys::Date::new(&(ms as f64).into());
    let time = [&two(then.get_hours()), ":", &two(then.get_minutes())].concat();
    let date = |date: &js_sys::Date| (date.get_full_year(), date.get_month(), date.get_date());
    if date(&then) == date(&js_sys::Date::new_0()) {
        return time;
    }
    [&day_words(&then), " ", &time].concat()
}

/// The day of a moment, as a number that is the same for all moments of it here.
pub fn day(ms: u64) -> u64 {
    let then = js_sys::Date::new(&(ms as f64).into());
    u64::from(then.get_full_year()) * 10_000 + u64::from(then.get_month() * 100 + then.get_date())
}

/// The day of a moment: `2026-11-22`.
pub fn date(ms: u64) -> String {
    day_words(&js_sys::Date::new(&(ms as f64).into()))
}

fn day_words(date: &js_sys::Date) -> String {
    [&date.get_full_year().to_string(), "-", &two(date.get_month() + 1), "-", &two(date.get_date())].concat()
}

fn two(number: u32) -> String {
    [if number < 10 { "0" } else { "" }, &number.to_string()].concat()
}
