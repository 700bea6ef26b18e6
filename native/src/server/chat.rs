//! `/chat`: the rooms.

use super::config::Config;
use super::goodbye;
use super::line::Line;
use super::metrics::Metrics;

/// What all lines of one server share.
#[derive(Debug)]
pub struct Rooms;

impl Rooms {
    /// No room yet: they come with those who join.
    pub(super) fn open(_config: &Config, _metrics: &Metrics) -> Self {
        Self
    }
}

/// Serves one line until it ends.
pub(super) async fn serve(line: Line) {
    goodbye::part(line.frames, 1013, "the rooms are not open yet").await;
}
