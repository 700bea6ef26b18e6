//! The numbers of a watch.

use std::time::{Duration, Instant};

use crate::cli::doctor::Data;

/// What is true for every line of a watch.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// When the watch began.
    pub(super) zero: Instant,
    /// How long it lasts.
    pub(super) length: Duration,
    /// Time between two signs of a line that has any.
    pub(super) beat: Duration,
    /// How long a probe waits for its answer.
    pub(super) patience: Duration,
    /// What is sent as a message.
    pub(super) data: Data,
    /// What the server is known to do.
    pub(super) habits: Habits,
}

/// What the survey found of the server's ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Habits {
    /// It answers ping frames.
    pub(super) answers_ping: bool,
    /// It sends messages back as they came.
    pub(super) echoes: bool,
}

/// The message of line `number`; the survey has the number 0.
pub(super) fn text(data: &Data, number: u32) -> Option<String> {
    match data {
        Data::Usual => Some(format!("heartline doctor {number}")),
        Data::Text(text) => Some(text.clone()),
        Data::None => None,
    }
}

impl Rules {
    /// What line `number` sends as a message, if anything.
    pub(super) fn text(&self, number: u32) -> Option<String> {
        text(&self.data, number)
    }

    /// The beat for a watch of this length: sixty in all, and neither a flood nor so rare that an idle timer of a minute
    /// could not be told from a lifetime.
    pub(super) fn usual_beat(length: Duration) -> Duration {
        (length / 60).clamp(Duration::from_millis(500), Duration::from_secs(5))
    }

    /// How long a probe waits in a watch of this length, where the server took `round_trip` for an answer before.
    pub(super) fn usual_patience(length: Duration, round_trip: Duration) -> Duration {
        let share = (length / 36).clamp(Duration::from_secs(1), Duration::from_secs(5));
        share.max(round_trip * 8).min(Duration::from_secs(10))
    }

    /// The beat of TCP keepalive: systems count it in whole seconds.
    pub(super) fn tcp_beat(&self) -> Duration {
        Duration::from_secs(self.beat.as_secs_f64().ceil().max(1.0) as u64)
    }

    /// After how long without any answer a busy line is given up: one late answer is no loss.
    pub(super) fn give_up(&self) -> Duration {
        self.patience.max(self.beat * 3)
    }
}
