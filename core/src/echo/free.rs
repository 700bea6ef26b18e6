//! The free form: whatever the user types comes back.
//!
//! Free messages bear no number, so echoes are matched in order: the next message in answers the oldest that waits. One that
//! equals a later message answers that one, out of order. One that equals none is a changed echo of the oldest; should the true
//! echo of that one still come, the earlier message turns out to have been somebody else's (a greeting, say), and it is told so.

use std::collections::VecDeque;

use crate::line::{Message, MessageId, Refused};
use crate::time::{Duration, Instant};

/// How many messages taken for changed echoes are kept in case their true echo comes.
const DOUBTFUL: usize = 16;

/// What a message that came in answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The echo of this message.
    Echo { id: MessageId, round_trip: Duration, changed: bool, out_of_order: bool },
    /// The true echo of a message that seemed answered: what was taken for its changed echo was not one.
    TrueEcho { id: MessageId, round_trip: Duration },
    /// Nobody had asked.
    Unasked,
}

/// How many messages may wait for their echo.
const MAX_WAITING: usize = 4_096;

#[derive(Debug, Default)]
pub(super) struct Free {
    waiting: VecDeque<Waiting>,
    /// Their bytes.
    bytes: usize,
    doubtful: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    id: MessageId,
    message: Message,
    /// When it went out; `None` while it is in the outbox.
    sent: Option<Instant>,
}

impl Free {
    /// Whether a message more can be waited for, all of them having at most `limit` bytes.
    pub(super) fn has_room(&self, message: &Message, limit: usize) -> Result<(), Refused> {
        if self.waiting.len() >= MAX_WAITING {
            return Err(Refused::TooMany { limit: MAX_WAITING });
        }
        if !self.waiting.is_empty() && self.bytes.saturating_add(message.len()) > limit {
            return Err(Refused::TooMuch { limit });
        }
        Ok(())
    }

    /// A message was handed to the line.
    pub(super) fn asked(&mut self, id: MessageId, message: Message) {
        self.bytes += message.len();
        self.waiting.push_back(Waiting { id, message, sent: None });
    }

    /// The line handed this message to the network; if it is the next of ours, it is under way now.
    pub(super) fn handed_over(&mut self, now: Instant, message: &Message) {
        // A beat of the user's choosing goes out among ours; only equal text could be mistaken, and then nothing is lost.
        if let Some(next) = self.waiting.iter_mut().find(|waiting| waiting.sent.is_none())
            && next.message == *message
        {
            next.sent = Some(now);
        }
    }

    /// How many messages still wait for their echo, sent or not.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A message came in.
    pub(super) fn answer(&mut self, now: Instant, message: &Message) -> Answer {
        let sent = self.waiting.iter().take_while(|waiting| waiting.sent.is_some());
        if let Some(at) = sent.clone().position(|waiting| waiting.message == *message)
            && let Some(waiting) = self.waiting.remove(at)
        {
            self.bytes -= waiting.message.len();
            let (id, round_trip) = (waiting.id, waiting.round_trip(now));
            return Answer::Echo { id, round_trip, changed: false, out_of_order: at > 0 };
        }
        if let Some(at) = self.doubtful.iter().position(|doubtful| doubtful.message == *message)
            && let Some(waiting) = self.doubtful.remove(at)
        {
            return Answer::TrueEcho { id: waiting.id, round_trip: waiting.round_trip(now) };
        }
        if self.waiting.front().is_none_or(|oldest| oldest.sent.is_none()) {
            return Answer::Unasked;
        }
        let Some(waiting) = self.waiting.pop_front() else { return Answer::Unasked };
        self.bytes -= waiting.message.len();
        let (id, round_trip) = (waiting.id, waiting.round_trip(now));
        self.doubtful.push_back(waiting);
        if self.doubtful.len() > DOUBTFUL {
            self.doubtful.pop_front();
        }
        Answer::Echo { id, round_trip, changed: true, out_of_order: false }
    }

    /// The line ended: what was under way will not be answered any more. The outbox keeps the rest.
    pub(super) fn line_ended(&mut self) -> Vec<MessageId> {
        self.doubtful.clear();
        let (under_way, queued) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting: &Waiting| waiting.sent.is_some());
        self.waiting = queued;
        self.bytes = self.waiting.iter().map(|waiting| waiting.message.len()).sum();
        let under_way: VecDeque<Waiting> = under_way;
        under_way.into_iter().map(|waiting| waiting.id).collect()
    }

    /// The outbox gave this message up.
    pub(super) fn forget(&mut self, id: MessageId) {
        self.waiting.retain(|waiting| waiting.id != id);
        self.bytes = self.waiting.iter().map(|waiting| waiting.message.len()).sum();
    }
}

impl Waiting {
    fn round_trip(&self, now: Instant) -> Duration {
        self.sent.map_or(Duration::ZERO, |sent| now.saturating_duration_since(sent))
    }
}
