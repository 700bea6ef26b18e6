//! How a line is, in a few words: what the prompt says.

use std::time::{Duration, Instant};

use heartline_core::line::{Line, Liveness, State};

use crate::output::style::Tone;

/// The words for the prompt, and their tone. They say *alive* only of what has proved it.
pub fn status(line: &Line, now: Instant) -> (Tone, String) {
    match line.state() {
        State::Idle => (Tone::Info, "○ not connected".to_owned()),
        State::Connecting { .. } => (Tone::Warning, "◌ connecting".to_owned()),
        State::Suspect => (Tone::Warning, format!("◍ silent for {}, asking", seconds(silence(line, now)))),
        State::Open => match (line.liveness(), line.rtt().and_then(|rtt| rtt.last())) {
            (Liveness::Alive, Some(round_trip)) => (Tone::Good, format!("● {}", millis(round_trip))),
            (Liveness::Alive, None) => (Tone::Good, "● alive".to_owned()),
            (Liveness::Unknown, _) => (Tone::Info, "○ open".to_owned()),
            (Liveness::Suspect | Liveness::Dead, _) => (Tone::Warning, "◍ in doubt".to_owned()),
        },
        State::Waiting { until } => {
            let wait = until.saturating_duration_since(now);
            (Tone::Bad, format!("◌ next dial in {}", seconds(wait)))
        }
        State::Closed(_) => (Tone::Bad, "○ closed".to_owned()),
    }
}

/// A round trip as people say it.
pub fn millis(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1e3;
    match ms {
        0.0..10.0 => format!("{ms:.2} ms"),
        10.0..100.0 => format!("{ms:.1} ms"),
        _ => format!("{ms:.0} ms"),
    }
}

/// Whole seconds, begun ones counted: a countdown ends with 1.
fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64().ceil())
}

fn silence(line: &Line, now: Instant) -> Duration {
    line.last_sign().map_or(Duration::ZERO, |at| now.saturating_duration_since(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_words() {
        assert_eq!(millis(Duration::from_micros(1234)), "1.23 ms");
        assert_eq!(millis(Duration::from_micros(12_340)), "12.3 ms");
        assert_eq!(millis(Duration::from_millis(1234)), "1234 ms");
        assert_eq!(seconds(Duration::from_millis(2100)), "3 s");
    }
}
