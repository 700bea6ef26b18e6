//! Own messages on their way: *queued → sent → accepted | held | rejected*.

use std::collections::VecDeque;

use crate::outbox::{MessageId, Outbox, Refused};
use crate::policy::OutboxPolicy;
use crate::time::{Duration, Instant};
use crate::wire::{HoldCode, RejectCode, Style};

use super::entry::Spoken;

/// How many messages that came back are kept for their writer in all rooms together; the oldest make room.
const MAX_RETURNED: usize = 64;

/// How far an own message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It waits for the line, for its room, or for its turn.
    Queued,
    /// It is under way, and nothing was heard of it yet.
    Sent,
    /// The server asked to wait with it.
    Held {
        /// Why.
        code: HoldCode,
        /// When it is sent again.
        until: Instant,
    },
    /// It is durable at this place. Settled.
    Accepted {
        /// Its place in the room.
        seq: u64,
    },
    /// It will never be taken, and is its writer's again. Settled.
    Rejected(Rejection),
}

/// Why an own message came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Why, for programs.
    pub code: RejectCode,
    /// Why, in words.
    pub why: String,
    /// Whether the server said so; else this client did, and the message may never have left.
    pub by_server: bool,
}

/// An own message as the user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMessage {
    /// Its running number in its room.
    pub id: u64,
    /// The words.
    pub text: String,
    /// How it looks as a bullet comment.
    pub style: Option<Style>,
    /// How far it is.
    pub delivery: Delivery,
}

/// What lies in the outbox.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) room: String,
    pub(super) id: u64,
    pub(super) text: String,
    pub(super) style: Option<Style>,
    /// Whether it was ever sent: only then can a server know of it.
    pub(super) tried: bool,
}

/// A message that came back to its writer.
#[derive(Debug, Clone)]
pub(super) struct Returned {
    pub(super) written: Written,
    pub(super) rejection: Rejection,
}

/// All own messages that are not settled, and those that came back.
#[derive(Debug)]
pub(super) struct Own {
    outbox: Outbox<Written>,
    max_age: Duration,
    returned: VecDeque<Returned>,
}

impl Own {
    pub(super) fn new(policy: &OutboxPolicy) -> Self {
        Self { outbox: Outbox::new(policy.clone()), max_age: policy.max_age(), returned: VecDeque::new() }
    }

    /// Nothing older than what the server announced is sent, nor than our own policy says.
    pub(super) fn limit_age(&mut self, policy: &OutboxPolicy, announced: Duration) {
        self.max_age = policy.max_age().min(announced);
    }

    pub(super) fn push(&mut self, now: Instant, written: Written) -> Result<(), Refused> {
        let bytes = written.text.len() + written.room.len();
        self.outbox.push(now, bytes, written).map(|_| ())
    }

    pub(super) fn in_flight(&self) -> usize {
        self.outbox.in_flight()
    }

    /// The first queued message whose room may be spoken in now. Within a room the order is that of writing.
    pub(super) fn next_for(&self, ready: impl Fn(&Written) -> bool) -> Option<(MessageId, &Written)> {
        self.outbox
            .iter()
            .find(|entry| !entry.sent && ready(&entry.item))
            .map(|entry| (entry.id, &entry.item))
    }

    pub(super) fn mark_sent(&mut self, message: MessageId) {
        self.outbox.mark_sent(message);
        self.outbox.update(message, |written| written.tried = true);
    }

    /// Takes out a message that the server answered; one it cannot know of stays where it is.
    pub(super) fn settle(&mut self, room: &str, id: u64, when: impl Fn(&Written) -> bool) -> Option<Written> {
        let message = self
            .outbox
            .iter()
            .find(|entry| {
                entry.item.room == room && entry.item.id == id && entry.item.tried && when(&entry.item)
            })?
            .id;
        self.outbox.settle(message).map(|entry| entry.item)
    }

    /// Takes out a message by its place in the outbox.
    pub(super) fn take(&mut self, message: MessageId) -> Option<Written> {
        self.outbox.settle(message).map(|entry| entry.item)
    }

    /// Nothing from `from_id` on was taken: it is queued again. What was under way of it.
    pub(super) fn hold(&mut self, room: &str, from_id: u64) -> Vec<Written> {
        self.requeue(|written| written.room == room && written.id >= from_id)
    }

    /// The line ended: whatever is not settled is sent again on the next one, with the numbers it has. What was under way.
    pub(super) fn line_ended(&mut self) -> Vec<Written> {
        self.requeue(|_| true)
    }

    fn requeue(&mut self, which: impl Fn(&Written) -> bool) -> Vec<Written> {
        let under_way = self.outbox.iter().filter(|entry| entry.sent && which(&entry.item));
        let requeued = under_way.map(|entry| entry.item.clone()).collect();
        self.outbox.requeue(|entry| which(&entry.item));
        requeued
    }

    /// Takes out what became too old to be sent.
    pub(super) fn take_expired(&mut self, now: Instant) -> Vec<Written> {
        if self.next_expiry().is_none_or(|at| now < at) {
            return Vec::new();
        }
        let max_age = self.max_age;
        let expired =
            self.outbox.take(|entry| !entry.sent && now.saturating_duration_since(entry.since) >= max_age);
        expired.into_iter().map(|entry| entry.item).collect()
    }

    /// When the oldest queued message becomes too old.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.outbox.iter().find(|entry| !entry.sent).and_then(|entry| entry.since.checked_add(self.max_age))
    }

    /// Takes out all of a room.
    pub(super) fn take_room(&mut self, room: &str) -> Vec<Written> {
        self.returned.retain(|returned| returned.written.room != room);
        self.outbox.take(|entry| entry.item.room == room).into_iter().map(|entry| entry.item).collect()
    }

    /// Keeps a message that came back for its writer.
    pub(super) fn give_back(&mut self, returned: Returned) {
        if self.returned.len() == MAX_RETURNED {
            self.returned.pop_front();
        }
        self.returned.push_back(returned);
    }

    /// Forgets a message that came back; `None` if there is none of that number.
    pub(super) fn dismiss(&mut self, room: &str, id: u64) -> Option<Returned> {
        let at = self.returned.iter().position(|it| it.written.room == room && it.written.id == id)?;
        self.returned.remove(at)
    }

    /// The unsettled messages of a room and whether each was sent on this line.
    pub(super) fn unsettled(&self, room: &str) -> impl Iterator<Item = (&Written, bool)> {
        self.outbox.iter().filter(move |entry| entry.item.room == room).map(|entry| (&entry.item, entry.sent))
    }

    /// The messages of a room that came back.
    pub(super) fn returned(&self, room: &str) -> impl Iterator<Item = &Returned> {
        self.returned.iter().filter(move |it| it.written.room == room)
    }

    /// How many are not settled, in all rooms.
    pub(super) fn len(&self) -> usize {
        self.outbox.len()
    }
}

/// An accepted message on its way back, as the user sees it.
pub(super) fn shown_accepted(spoken: &Spoken) -> OwnMessage {
    let Spoken { id, text, style, seq, .. } = spoken;
    OwnMessage { id: *id, text: text.clone(), style: *style, delivery: Delivery::Accepted { seq: *seq } }
}

impl Written {
    pub(super) fn shown(self, delivery: Delivery) -> OwnMessage {
        let Self { room: _, id, text, style, tried: _ } = self;
        OwnMessage { id, text, style, delivery }
    }
}

impl Returned {
    pub(super) fn shown(self) -> OwnMessage {
        self.written.shown(Delivery::Rejected(self.rejection))
    }
}

impl Rejection {
    pub(super) fn local(code: RejectCode, why: String) -> Self {
        Self { code, why, by_server: false }
    }
}
