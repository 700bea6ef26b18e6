//! Small words: lines, times, signs and lives, as people say them.

use super::{How, Life, Manner, Measure, Sign, Story};
use crate::close::{self, Dialect};
use crate::time::Duration;

/// So many lines are named one by one; a watch has some twenty.
const MOST_NAMED: usize = 8;

/// Seconds to a tenth; from ten minutes on, also as hours and minutes.
pub(super) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if duration < Duration::from_secs(600) {
        return format!("{seconds:.1} s");
    }
    let whole = duration.as_secs();
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    let parts = [(hours, "h"), (minutes, "min"), (rest, "s")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number} {unit}"))
        .collect();
    format!("{seconds:.0} s ({})", parts.join(" "))
}

/// What somebody sets: without a tenth where there is none.
pub(super) fn setting(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

/// A number of seconds as [`time`] tells it.
pub(super) fn seconds(number: f64) -> String {
    time(Duration::try_from_secs_f64(number.max(0.0)).unwrap_or(Duration::MAX))
}

/// As much as is known of a number: `about 60.0 s`, `50.0 s to 76.0 s`, `more than 50.0 s`.
pub(super) fn measure(measure: &Measure) -> String {
    match (measure.about, measure.most) {
        (Some(about), _) => format!("about {}", time(about)),
        (None, Some(most)) => format!("{} to {}", time(measure.least), time(most)),
        (None, None) => format!("more than {}", time(measure.least)),
    }
}

/// The smallest and the largest, as one number where a tenth does not tell them apart.
pub(super) fn range(numbers: impl Iterator<Item = f64>) -> String {
    let (least, most) =
        numbers.fold((f64::INFINITY, 0.0_f64), |(least, most), n| (least.min(n), most.max(n)));
    let (from, to) = (seconds(least.min(most)), seconds(most));
    if from == to { to } else { format!("{from} to {to}") }
}

/// `line 3`, `lines 1, 2 and 5`, `12 lines`.
pub(super) fn lines(numbers: &[u32]) -> String {
    match numbers {
        [one] => format!("line {one}"),
        many if many.len() > MOST_NAMED => format!("{} lines", many.len()),
        many => format!("lines {}", list(&many.iter().map(u32::to_string).collect::<Vec<_>>(), "and")),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(words: &[String], and: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {and} {last}", most.join(", ")),
    }
}

/// The first letter as a capital.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What passes.
pub(super) const fn sign(sign: Sign) -> &'static str {
    match sign {
        Sign::ClientData => "messages from you",
        Sign::ClientControl => "ping and pong frames from you",
        Sign::ServerData => "messages from the server",
        Sign::ServerControl => "ping and pong frames from the server",
        Sign::TcpProbe => "TCP keepalive",
    }
}

/// What a line does.
pub(super) const fn life(life: Life) -> &'static str {
    match life {
        Life::Silence => "silent",
        Life::Mute => "silent, leaving pings unanswered",
        Life::TcpKeepalive => "silent but for TCP keepalive",
        Life::Pongs => "pong frames from us",
        Life::Pings => "ping frames from us",
        Life::Data => "messages from us",
        Life::Once => "one message from us, then silent",
    }
}

/// The lives of some lines, each once: `silent; ping frames from us`.
pub(super) fn lives<'a>(stories: impl Iterator<Item = &'a Story>) -> String {
    let mut lives: Vec<Life> = stories.map(|story| story.life).collect();
    lives.sort_unstable();
    lives.dedup();
    lives.into_iter().map(life).collect::<Vec<_>>().join("; ")
}

/// How lines of one manner ended.
pub(super) fn ends(manner: Manner, hows: &[&How]) -> String {
    let count = |is_one: fn(&How) -> bool| hows.iter().filter(|how| is_one(how)).count();
    let fins = count(|how| matches!(how, How::Fin));
    let resets = count(|how| matches!(how, How::Reset));
    match manner {
        Manner::Closed { code } => {
            let reason = hows.iter().find_map(|how| match how {
                How::CloseFrame { reason, .. } if !reason.is_empty() => Some(format!(", “{reason}”")),
                How::CloseFrame { .. } | How::Fin | How::Reset | How::Error { .. } | How::Silence { .. } => {
                    None
                }
            });
            let reason = reason.unwrap_or_default();
            format!("with the close frame {code} ({}{reason})", close::meaning(Dialect::Plain, code))
        }
        Manner::Cut if resets == 0 && fins > 0 => "TCP was closed (FIN) without a close frame".to_owned(),
        Manner::Cut if fins == 0 && resets > 0 => "TCP was reset (RST) without a close frame".to_owned(),
        Manner::Cut if fins == 0 => "writing failed: TCP was gone without a close frame".to_owned(),
        Manner::Cut => format!("TCP ended without a close frame ({fins} by FIN, {resets} by RST)"),
        Manner::Lost => "nobody told of it; what was sent got no answer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn times_are_told_as_people_tell_them() {
        assert_eq!(time(Duration::from_millis(59_960)), "60.0 s");
        assert_eq!(time(Duration::from_secs(7_875)), "7875 s (2 h 11 min 15 s)");
        assert_eq!(time(Duration::from_secs(14_400)), "14400 s (4 h)");
        assert_eq!(range([60.04, 59.96].into_iter()), "60.0 s");
        assert_eq!(range([59.9, 60.1].into_iter()), "59.9 s to 60.1 s");
        assert_eq!(seconds(f64::INFINITY), time(Duration::MAX), "what no clock shows does not panic");
    }

    #[test]
    fn lines_are_named_as_long_as_there_are_few() {
        assert_eq!(lines(&[3]), "line 3");
        assert_eq!(lines(&[1, 2, 5]), "lines 1, 2 and 5");
        assert_eq!(lines(&[1; 9]), "9 lines");
        assert_eq!(sentence("line 3"), "Line 3");
    }
}
