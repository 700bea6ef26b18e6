//! One line of the watch as a picture: where things stand. Shells draw it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Fate, Sign, Story};
use crate::time::Duration;

/// Where a story's things stand, in units of [`Picture::WIDTH`] by [`Picture::HEIGHT`]: what we did stands above the middle, what the server did
/// below it; messages are twice as high as ping and pong frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// From the opening to the end.
    pub life: (u32, u32),
    /// Frames, as the `d` of one SVG path for each kind that passed.
    pub frames: Vec<(Sign, String)>,
    /// TCP keepalive probes.
    pub probes: Vec<u32>,
    /// The last question of the watch.
    pub asked: Option<u32>,
    /// Whether the line ended; otherwise it stood.
    pub ended: bool,
    /// What is written behind it: the end, in seconds.
    pub label: String,
}

impl Picture {
    /// How wide it is.
    pub const WIDTH: u32 = 860;
    /// How high.
    pub const HEIGHT: u32 = 34;
    /// Where the line of time is.
    pub const MIDDLE: u32 = 16;
    /// How far that line goes: behind it is room for the last sign and its label.
    pub const AXIS: u32 = Self::WIDTH - 74;

    /// Of a story, on a scale on which the axis is as long as `longest`. What would lie on top of each other is there once.
    #[must_use]
    pub fn of(story: &Story, longest: Duration) -> Self {
        let scale = f64::from(Self::AXIS) / longest.as_secs_f64().max(0.001);
        let x = |at: Duration| (at.as_secs_f64() * scale).round() as u32;
        let places = |sign| -> BTreeSet<u32> {
            story.marks.iter().filter(|mark| mark.sign == sign).map(|mark| x(mark.at)).collect()
        };
        let mut frames = Vec::new();
        for (sign, to) in [
            (Sign::ClientData, Self::MIDDLE - 14),
            (Sign::ClientControl, Self::MIDDLE - 7),
            (Sign::ServerData, Self::MIDDLE + 14),
            (Sign::ServerControl, Self::MIDDLE + 7),
        ] {
            let path = places(sign).into_iter().fold(String::new(), |mut path, place| {
                // Writing to a string cannot fail.
                let _ = write!(path, "M{place} {}V{to}", Self::MIDDLE);
                path
            });
            if !path.is_empty() {
                frames.push((sign, path));
            }
        }
        Self {
            life: (x(story.opened), x(story.end())),
            frames,
            probes: places(Sign::TcpProbe).into_iter().collect(),
            asked: story.probed.map(x),
            ended: matches!(story.fate, Fate::Ended(_)),
            label: format!("{:.1} s", story.end().as_secs_f64()),
        }
    }
}
