//! What a `heartline.v1` line keeps to itself: beats, and what `welcome` says about them.

use super::{Line, LineEvent, Message};
use crate::heartbeat::Heartbeat;
use crate::policy::MAX_TOLD_WAIT;
use crate::time::{Duration, Instant};
use crate::wire::{Beat, ClientMessage, ServerMessage};

impl Line {
    pub(super) fn handle_v1(&mut self, now: Instant, message: Message) {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(bytes) => {
                let why = format!(
                    "the server sent {} bytes of binary, which heartline.v1 does not have",
                    bytes.len()
                );
                self.events.push_back(LineEvent::Unreadable { why });
                return;
            }
        };
        match ServerMessage::decode(&text) {
            Ok(ServerMessage::Ping { n }) => self.handle_ping(now, n),
            Ok(ServerMessage::Pong { n }) => self.answered(now, n),
            Ok(message) => {
                if let ServerMessage::Welcome { heartbeat, .. } = &message {
                    self.welcomed(now, *heartbeat);
                }
                if let ServerMessage::Draining { within_ms } = &message {
                    let window = Duration::from_millis(*within_ms).min(MAX_TOLD_WAIT);
                    self.present.iter_mut().for_each(|present| present.draining = Some(window));
                }
                self.events.push_back(LineEvent::Server(message));
            }
            Err(error) => self.events.push_back(LineEvent::Unreadable { why: error.to_string() }),
        }
    }

    /// The server beats: answer, and measure a round trip of our own on the occasion. A timer could not: those of a
    /// hidden page are throttled, and its receive handler is not.
    fn handle_ping(&mut self, now: Instant, n: u64) {
        let answer = self.post(&ClientMessage::Pong { n });
        debug_assert!(answer.is_ok(), "a ping came in on an open v1 line");
        self.measure(now);
    }

    /// From now on the server's silence means something.
    fn welcomed(&mut self, now: Instant, announced: Beat) {
        let hidden = self.hidden;
        let Some(present) = &mut self.present else { return };
        let policy = self.config.policy.heartbeat().announced(announced.interval_ms, announced.grace_ms);
        let (interval, grace) = (policy.interval(), policy.grace());
        if present.welcome_by.take().is_some() {
            present.stable_at = Some(now + self.config.policy.reconnect().stable_after());
        }
        present.heartbeat = Heartbeat::listener(policy, now);
        present.heartbeat.set_hidden(hidden);
        self.unauthorized = false;
        let asked = (Duration::from_millis(announced.interval_ms), Duration::from_millis(announced.grace_ms));
        if asked != (interval, grace) {
            let what = format!(
                "the server announced a beat every {} ms with {} ms of grace; {} ms and {} ms are used",
                announced.interval_ms,
                announced.grace_ms,
                interval.as_millis(),
                grace.as_millis()
            );
            self.events.push_back(LineEvent::Clamped { what });
        }
        self.measure(now);
    }

    fn measure(&mut self, now: Instant) {
        if let Some(n) = self.present.as_mut().and_then(|present| present.heartbeat.measure(now)) {
            self.beat(now, n);
        }
    }
}
