//! One line of the watch as a picture.

use std::{collections::BTreeSet, fmt::Write as _, time::Duration};

use heartline_core::doctor::{Fate, Sign, Story};

const WIDTH: u32 = 860;
const HEIGHT: u32 = 34;
const MIDDLE: u32 = 16;
/// Room at the right for the last sign and the number of the axis.
const RIGHT: u32 = 74;

/// When a line had ended, or was let go.
pub(super) fn end(story: &Story) -> Duration {
    match &story.fate {
        Fate::Ended(ending) => ending.at,
        Fate::Stood(standing) => standing.at,
    }
}

/// The picture; its width stands for `longest`. Marks that would lie on top of each other are drawn once.
pub(super) fn picture(story: &Story, longest: Duration) -> String {
    let scale = f64::from(WIDTH - RIGHT) / longest.as_secs_f64().max(0.001);
    let x = |at: Duration| (at.as_secs_f64() * scale).round() as u32;
    let (from, to) = (x(story.opened), x(end(story)));
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"><title>from {:.1} s to {:.1} s</title>\
         <path class=\"axis\" d=\"M0 {MIDDLE}H{}\"/><path class=\"life\" d=\"M{from} {MIDDLE}H{to}\"/>",
        story.opened.as_secs_f64(),
        end(story).as_secs_f64(),
        WIDTH - RIGHT,
    );
    for sign in Sign::ALL {
        let places: BTreeSet<u32> =
            story.marks.iter().filter(|mark| mark.sign == sign).map(|mark| x(mark.at)).collect();
        let mut path = String::new();
        let (class, stroke) = match sign {
            Sign::ClientData => ("client", Some((MIDDLE, MIDDLE - 14))),
            Sign::ClientControl => ("client", Some((MIDDLE, MIDDLE - 7))),
            Sign::ServerData => ("server", Some((MIDDLE, MIDDLE + 14))),
            Sign::ServerControl => ("server", Some((MIDDLE, MIDDLE + 7))),
            Sign::TcpProbe => ("probe", None),
        };
        // Writing to a string cannot fail.
        for place in places {
            let _ = match stroke {
                Some((from, to)) => write!(path, "M{place} {from}V{to}"),
                None => write!(svg, "<circle class=\"probe\" cx=\"{place}\" cy=\"{MIDDLE}\" r=\"3\"/>"),
            };
        }
        if !path.is_empty() {
            let _ = write!(svg, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }
    if let Some(probed) = story.probed {
        let _ = write!(svg, "<path class=\"asked\" d=\"M{} 2V{}\"/>", x(probed), HEIGHT - 4);
    }
    let _ = match &story.fate {
        Fate::Ended(_) => write!(svg, "<path class=\"ended\" d=\"M{to} 2V{}\"/>", HEIGHT - 4),
        Fate::Stood(_) => write!(svg, "<path class=\"stood\" d=\"M{to} {}l10 6l-10 6z\"/>", MIDDLE - 6),
    };
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"{}\">{:.1} s</text></svg>",
        to + 14,
        MIDDLE + 4,
        end(story).as_secs_f64()
    );
    svg
}
