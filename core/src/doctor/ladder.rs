//! Which silences to try: a path that drops lines without a word is found only by asking after one.
//!
//! Each rung is a silent line that is probed after its silence and let go. Those that answer and those that do not leave the timer
//! between two rungs; more rungs in between narrow that down.

use super::observed::{Context, Observed};
use super::{Life, Manner, Sign, Story};
use crate::time::Duration;

/// So many rungs at once: lines are cheap, but a server should not feel them.
pub const MOST_RUNGS: usize = 8;

/// The shortest silence worth trying.
const LEAST: Duration = Duration::from_millis(500);

/// Between these lies the timer: a silence that a line lived through, and one that it did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket {
    /// Lines outlive this silence.
    pub alive: Duration,
    /// Lines do not outlive this one.
    pub dead: Duration,
}

/// The silences to try first in a watch of that length, each larger than the one before by the same factor. `wait` is how long a probe
/// is waited for.
#[must_use]
pub fn first(watch: Duration, wait: Duration) -> Vec<Duration> {
    let most = watch.saturating_sub(wait);
    let least = (watch / 16).max(LEAST);
    if most < LEAST {
        return Vec::new();
    }
    if most <= least {
        return vec![most];
    }
    let steps = MOST_RUNGS - 1;
    let factor = (most.as_secs_f64() / least.as_secs_f64()).powf(1.0 / steps as f64);
    (0..=steps).map(|step| least.mul_f64(factor.powi(step as i32)).min(most)).collect()
}

/// The silences to try between two that are known, so that half a second or 5 % is left between them. Empty if that little is left
/// already, or if there is no time for any.
#[must_use]
pub fn refine(bracket: Bracket, left: Duration, wait: Duration) -> Vec<Duration> {
    let Some(width) = bracket.dead.checked_sub(bracket.alive) else { return Vec::new() };
    let goal = Duration::from_millis(500).max(bracket.dead / 20);
    if width <= goal {
        return Vec::new();
    }
    let wanted = (width.as_secs_f64() / goal.as_secs_f64()).ceil() as usize;
    let parts = wanted.clamp(2, MOST_RUNGS + 1);
    let rungs = (1..parts).map(|part| bracket.alive + width.mul_f64(part as f64 / parts as f64));
    rungs.filter(|rung| rung.saturating_add(wait) <= left).collect()
}

/// Between which silences the lines so far leave the timer; `None` if no silent line was lost without a word, or if they contradict
/// each other.
#[must_use]
pub fn bracket(stories: &[Story]) -> Option<Bracket> {
    let context = Context::of(stories, None);
    let silent = stories.iter().filter(|story| story.life == Life::Silence);
    let lines: Vec<Observed> = silent.map(|story| Observed::of(story, context)).collect();
    let is_byte = |sign: Sign| sign != Sign::TcpProbe;
    let silence = |line: &Observed, until: f64| {
        until - line.resets(is_byte, until).last().copied().unwrap_or(line.opened)
    };
    let found =
        lines.iter().filter(|line| line.end.is_some_and(|end| end.manner == Manner::Lost || !end.told));
    let dead =
        found.filter_map(|line| line.end.map(|end| silence(line, end.dead))).fold(f64::INFINITY, f64::min);
    let alive = lines.iter().map(|line| silence(line, line.alive)).fold(0.0, f64::max);
    let bracket = Bracket {
        alive: Duration::try_from_secs_f64(alive).ok()?,
        dead: Duration::try_from_secs_f64(dead).ok()?,
    };
    (bracket.alive < bracket.dead).then_some(bracket)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const WAIT: Duration = Duration::from_secs(1);

    #[test]
    fn rungs_rise_and_end_within_the_watch() {
        for watch in [3, 10, 15, 180, 3600, 86_400].map(Duration::from_secs) {
            let rungs = first(watch, WAIT);
            assert!(!rungs.is_empty() && rungs.len() <= MOST_RUNGS, "{watch:?}");
            assert!(rungs.windows(2).all(|pair| pair[0] < pair[1]), "{watch:?}: {rungs:?}");
            assert!(rungs.iter().all(|rung| *rung + WAIT <= watch), "{watch:?}: {rungs:?}");
        }
        assert!(first(Duration::ZERO, WAIT).is_empty());
    }

    #[test]
    fn a_timer_of_up_to_two_fifths_of_the_watch_is_found_to_half_a_second_or_5_percent() {
        for watch in [15, 180, 3600].map(Duration::from_secs) {
            for part in 3..=16 {
                let timer = watch.mul_f64(f64::from(part) / 40.0);
                let Some((between, spent)) = try_all(&first(watch, WAIT), timer, None) else { continue };
                let refined = refine(between, watch.saturating_sub(spent), WAIT);
                let (between, _) = try_all(&refined, timer, Some(between)).unwrap_or((between, spent));
                let width = between.dead - between.alive;
                // The middle is told, so twice that may be left.
                let goal = 2 * Duration::from_millis(500).max(timer / 20);
                assert!(width <= goal, "{timer:?} of {watch:?}: {between:?}");
            }
        }
    }

    #[test]
    fn nothing_is_tried_for_what_is_known_or_for_want_of_time() {
        let secs = Duration::from_secs;
        let between = |alive, dead| Bracket { alive: secs(alive), dead: secs(dead) };
        assert!(refine(between(58, 60), secs(600), WAIT).is_empty(), "known well enough");
        assert!(refine(between(30, 60), secs(20), WAIT).is_empty(), "no time");
        assert!(refine(between(60, 30), secs(600), WAIT).is_empty(), "no bracket at all");
        assert_eq!(refine(between(1, 86_400), secs(100_000), WAIT).len(), MOST_RUNGS);
    }

    /// Tries silences against a timer, as lines that are opened at once: what is left, and how long it took to know it.
    fn try_all(rungs: &[Duration], timer: Duration, known: Option<Bracket>) -> Option<(Bracket, Duration)> {
        let alive = rungs.iter().filter(|rung| **rung < timer).max().copied();
        let dead = rungs.iter().filter(|rung| **rung >= timer).min().copied();
        let alive = alive.or_else(|| known.map(|known| known.alive)).unwrap_or_default();
        let dead = dead.or_else(|| known.map(|known| known.dead))?;
        Some((Bracket { alive, dead }, dead + WAIT))
    }
}
