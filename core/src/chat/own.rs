//! Own messages on their way: *queued → sent → accepted | held | rejected*.

use std::collections::VecDeque;

use crate::outbox::{Entry, MessageId, Outbox, Refused};
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
    /// How old it was when it came into this outbox.
    pub(super) aged: Duration,
    /// Whether it outlives the program.
    pub(super) keeping: Keeping,
}

/// How far the storing of a message is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Keeping {
    /// Nobody was asked to.
    #[default]
    No,
    /// The shell was asked to, and until then it does not go out.
    Asked {
        /// When it stops waiting.
        until: Instant,
    },
    /// It is.
    Stored,
    /// It is not, or not yet, and goes out all the same.
    GivenUp,
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

    /// The first queued message whose room may be spoken in now. Within a room the order is that of writing: behind one that has
    /// to wait, the others wait.
    pub(super) fn next_for(&self, ready: impl Fn(&Written) -> bool) -> Option<(MessageId, &Written)> {
        let mut waiting: Vec<&str> = Vec::new();
        for entry in self.outbox.iter().filter(|entry| !entry.sent) {
            let written = &entry.item;
            if waiting.contains(&written.room.as_str()) {
                continue;
            }
            match written.keeping {
                Keeping::No | Keeping::Stored | Keeping::GivenUp if ready(written) => {
                    return Some((entry.id, written));
                }
                Keeping::No | Keeping::Stored | Keeping::GivenUp | Keeping::Asked { .. } => {
                    waiting.push(&written.room);
                }
            }
        }
        None
    }

    /// Notes how the storing of a message went, if it still waits for that.
    pub(super) fn set_stored(&mut self, room: &str, id: u64, keeping: Keeping) -> bool {
        let waits = |written: &Written| matches!(written.keeping, Keeping::Asked { .. });
        let such = |written: &Written| written.id == id && written.room == room && waits(written);
        let Some(message) = self.outbox.iter().find(|entry| such(&entry.item)).map(|entry| entry.id) else {
            return false;
        };
        self.outbox.update(message, |written| written.keeping = keeping);
        true
    }

    /// A message that waits too long to be stored.
    pub(super) fn overdue(&self, now: Instant) -> Option<(String, u64)> {
        let (until, written) = self.first_unstored()?;
        (until <= now).then(|| (written.room.clone(), written.id))
    }

    /// When the wait for the shell ends.
    pub(super) fn next_overdue(&self) -> Option<Instant> {
        self.first_unstored().map(|(until, _)| until)
    }

    fn first_unstored(&self) -> Option<(Instant, &Written)> {
        self.outbox.iter().find_map(|entry| match entry.item.keeping {
            Keeping::Asked { until } => Some((until, &entry.item)),
            Keeping::No | Keeping::Stored | Keeping::GivenUp => None,
        })
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
        let age = |entry: &Entry<Written>| {
            now.saturating_duration_since(entry.since).saturating_add(entry.item.aged)
        };
        let expired = self.outbox.take(|entry| !entry.sent && age(entry) >= max_age);
        expired.into_iter().map(|entry| entry.item).collect()
    }

    /// When the oldest queued message becomes too old.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        let oldest = self.outbox.iter().find(|entry| !entry.sent)?;
        oldest.since.checked_add(self.max_age.saturating_sub(oldest.item.aged))
    }

    /// Takes out all that is not settled in a room.
    pub(super) fn take_room(&mut self, room: &str) -> Vec<Written> {
        self.outbox.take(|entry| entry.item.room == room).into_iter().map(|entry| entry.item).collect()
    }

    /// Takes out all that came back in a room.
    pub(super) fn take_returned(&mut self, room: &str) -> Vec<Returned> {
        let all = std::mem::take(&mut self.returned).into_iter();
        let (taken, rest): (Vec<_>, Vec<_>) = all.partition(|returned| returned.written.room == room);
        self.returned = rest.into();
        taken
    }

    /// Whether nothing is here that anybody said in a room.
    pub(super) fn has_none_of(&self, room: &str) -> bool {
        self.unsettled(room).next().is_none() && self.returned(room).next().is_none()
    }

    /// Keeps a message that came back for its writer. Returns the one that made room for it.
    pub(super) fn give_back(&mut self, returned: Returned) -> Option<Returned> {
        self.returned.push_back(returned);
        if self.returned.len() > MAX_RETURNED { self.returned.pop_front() } else { None }
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
        let Self { id, text, style, .. } = self;
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
