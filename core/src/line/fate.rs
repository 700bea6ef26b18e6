//! What became of messages on a plain line, as far as anybody can know.
//!
//! A WebSocket says nothing about single messages. But the answer to a ping proves that everything sent before it was
//! read: it all went through one ordered stream. What was sent after the last answered beat is of unknown fate when
//! the line ends.

use std::collections::VecDeque;

use crate::outbox::MessageId;
use crate::time::{Duration, Instant};

/// How many names of unproven messages are kept. On a line that proves nothing the oldest are forgotten, and counted.
const MAX_UNPROVEN: usize = 1024;

/// How many beats are remembered.
const MAX_BEATS: usize = 8;

/// What is known about the messages of one generation.
#[derive(Debug, Default)]
pub(super) struct Fate {
    /// Handed to the shell, not yet taken by the network, and since when; `None` for a beat that is a message.
    handed: VecDeque<(Option<MessageId>, Instant)>,
    /// Handed over and not proven to have arrived, oldest first.
    unproven: VecDeque<MessageId>,
    forgotten: u64,
    /// Beats on their way, each with the last message before it.
    beats: VecDeque<(u64, Option<MessageId>)>,
}

impl Fate {
    /// A message was handed to the shell.
    pub(super) fn handed(&mut self, now: Instant, id: Option<MessageId>) {
        self.handed.push_back((id, now));
        let Some(id) = id else { return };
        if self.unproven.len() == MAX_UNPROVEN {
            self.unproven.pop_front();
            self.forgotten += 1;
        }
        self.unproven.push_back(id);
    }

    /// The network took the `count` oldest messages.
    pub(super) fn written(&mut self, count: usize) -> Vec<MessageId> {
        let count = count.min(self.handed.len());
        self.handed.drain(..count).filter_map(|(id, _)| id).collect()
    }

    /// How long the oldest message has waited for the network to take it.
    pub(super) fn waited(&self, now: Instant) -> Option<Duration> {
        self.handed.front().map(|(_, since)| now.saturating_duration_since(*since))
    }

    /// A beat was sent after everything handed over so far.
    pub(super) fn beat(&mut self, n: u64) {
        if self.beats.len() == MAX_BEATS {
            self.beats.pop_front();
        }
        self.beats.push_back((n, self.unproven.back().copied()));
    }

    /// Beat `n` was answered: the latest message that this proves, if it proves any.
    pub(super) fn answered(&mut self, n: u64) -> Option<MessageId> {
        let position = self.beats.iter().position(|(number, _)| *number == n)?;
        let (_, through) = self.beats.drain(..=position).next_back()?;
        let through =
            through.filter(|through| self.unproven.front().is_some_and(|first| first <= through))?;
        self.unproven.retain(|id| *id > through);
        self.forgotten = 0;
        Some(through)
    }

    /// How many messages the shell has and the network has not.
    pub(super) fn in_flight(&self) -> usize {
        self.handed.len()
    }

    /// The line ended: everything unproven, and how many more there were. Begins anew.
    pub(super) fn end(&mut self) -> (Vec<MessageId>, u64) {
        let fate = std::mem::take(self);
        (fate.unproven.into(), fate.forgotten)
    }
}
