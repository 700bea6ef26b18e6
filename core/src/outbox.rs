//! What was written but is not settled yet: bounded, in order.
//!
//! The rule when it is full has a name: **refuse**. A new message is handed back with words; nothing that was taken is
//! dropped to make room. Each entry is *queued* or *sent*; what "settled" means is its user's business (accepted by the
//! server on `heartline.v1`, taken by the kernel on a plain line).

use std::collections::VecDeque;

use crate::policy::OutboxPolicy;
use crate::time::Instant;

/// Names a message within one outbox; rises with every message, never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// Why a message was not taken. It is still its writer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// As many messages wait as may wait.
    #[error("{limit} messages are waiting already; wait until some are sent")]
    TooMany {
        /// The bound that was met.
        limit: usize,
    },
    /// As many bytes wait as may wait.
    #[error("the waiting messages would have more than {limit} bytes; wait until some are sent")]
    TooMuch {
        /// The bound that was met, in bytes.
        limit: usize,
    },
    /// This message alone is over the bound and can never be taken.
    #[error("the message has {bytes} bytes, and at most {limit} can be sent")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The bound that was met, in bytes.
        limit: usize,
    },
}

/// One message that waits to be settled.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    /// Its name in this outbox.
    pub id: MessageId,
    /// What it counts for against the bound, in bytes.
    pub bytes: usize,
    /// When it was taken in.
    pub since: Instant,
    /// Whether it was sent on the present line.
    pub sent: bool,
    /// The message.
    pub item: T,
}

/// A bounded queue of messages in the order they were written.
#[derive(Clone, Debug)]
pub struct Outbox<T> {
    policy: OutboxPolicy,
    entries: VecDeque<Entry<T>>,
    bytes: usize,
    in_flight: usize,
    next_id: u64,
}

impl<T> Outbox<T> {
    /// An empty outbox with these bounds.
    #[must_use]
    pub const fn new(policy: OutboxPolicy) -> Self {
        Self { policy, entries: VecDeque::new(), bytes: 0, in_flight: 0, next_id: 1 }
    }

    /// Takes a message of `bytes` bytes in, at the end.
    ///
    /// # Errors
    /// [`Refused`] if a bound is met.
    pub fn push(&mut self, now: Instant, bytes: usize, item: T) -> Result<MessageId, Refused> {
        let limit = self.policy.bytes();
        if bytes > limit {
            return Err(Refused::TooLarge { bytes, limit });
        }
        if self.entries.len() >= self.policy.messages() {
            return Err(Refused::TooMany { limit: self.policy.messages() });
        }
        if self.bytes + bytes > limit {
            return Err(Refused::TooMuch { limit });
        }
        let id = MessageId(self.next_id);
        self.next_id += 1;
        self.bytes += bytes;
        self.entries.push_back(Entry { id, bytes, since: now, sent: false, item });
        Ok(id)
    }

    /// The first message that is queued but not sent.
    #[must_use]
    pub fn next_queued(&self) -> Option<&Entry<T>> {
        // Sent ones stand in front of queued ones except after a partial requeue, so this ends early.
        self.entries.iter().find(|entry| !entry.sent)
    }

    /// Marks a message as sent on the present line.
    pub fn mark_sent(&mut self, id: MessageId) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id && !entry.sent) {
            entry.sent = true;
            self.in_flight += 1;
        }
    }

    /// Notes something on a message; what it counts for against the bound stays as it was.
    pub fn update(&mut self, id: MessageId, change: impl FnOnce(&mut T)) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) {
            change(&mut entry.item);
        }
    }

    /// Takes a settled message out; `None` if there is none of that name.
    pub fn settle(&mut self, id: MessageId) -> Option<Entry<T>> {
        let position = self.entries.iter().position(|entry| entry.id == id)?;
        let entry = self.entries.remove(position)?;
        self.bytes -= entry.bytes;
        self.in_flight -= usize::from(entry.sent);
        Some(entry)
    }

    /// Makes sent messages queued again, those for which `which` holds: a new line sends them anew.
    pub fn requeue(&mut self, which: impl Fn(&Entry<T>) -> bool) {
        for entry in self.entries.iter_mut().filter(|entry| entry.sent) {
            if which(entry) {
                entry.sent = false;
                self.in_flight -= 1;
            }
        }
    }

    /// Takes out every message for which `which` holds, in order.
    pub fn take(&mut self, which: impl Fn(&Entry<T>) -> bool) -> Vec<Entry<T>> {
        let (taken, kept): (Vec<_>, Vec<_>) = self.entries.drain(..).partition(|entry| which(entry));
        self.entries = kept.into();
        for entry in &taken {
            self.bytes -= entry.bytes;
            self.in_flight -= usize::from(entry.sent);
        }
        taken
    }

    /// Takes out what is queued and has grown older than the policy allows: it is given back instead of sent.
    pub fn take_expired(&mut self, now: Instant) -> Vec<Entry<T>> {
        let max_age = self.policy.max_age();
        let old = |entry: &Entry<T>| !entry.sent && now.saturating_duration_since(entry.since) > max_age;
        // The first queued one is the oldest of them, so the common case moves nothing.
        if self.next_queued().is_some_and(old) { self.take(old) } else { Vec::new() }
    }

    /// All messages in the order they were written.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry<T>> + '_ {
        self.entries.iter()
    }

    /// How many were sent and are not settled.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many messages wait, sent or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many bytes wait, as their writers counted them.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn outbox(messages: usize, bytes: usize) -> Outbox<&'static str> {
        Outbox::new(OutboxPolicy::new(messages, bytes, Duration::from_secs(60)).expect("valid bounds"))
    }

    #[test]
    fn refuses_what_does_not_fit_and_keeps_what_it_has() {
        let now = Instant::now();
        let mut outbox = outbox(2, 10);
        assert_eq!(outbox.push(now, 11, "never"), Err(Refused::TooLarge { bytes: 11, limit: 10 }));
        outbox.push(now, 6, "a").expect("fits");
        assert_eq!(outbox.push(now, 5, "b"), Err(Refused::TooMuch { limit: 10 }));
        outbox.push(now, 4, "b").expect("fits");
        assert_eq!(outbox.push(now, 0, "c"), Err(Refused::TooMany { limit: 2 }));
        assert_eq!(outbox.iter().map(|entry| entry.item).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn what_is_settled_makes_room() {
        let now = Instant::now();
        let mut outbox = outbox(1, 10);
        let id = outbox.push(now, 10, "a").expect("fits");
        outbox.mark_sent(id);
        assert_eq!(outbox.in_flight(), 1);
        assert_eq!(outbox.settle(id).map(|entry| entry.item), Some("a"));
        assert!(outbox.settle(id).is_none());
        assert_eq!(outbox.bytes(), 0);
        outbox.push(now, 10, "b").expect("there is room again");
    }

    #[test]
    fn a_requeue_keeps_the_order() {
        let now = Instant::now();
        let mut outbox = outbox(9, 90);
        for item in ["a", "b", "c"] {
            let id = outbox.push(now, 1, item).expect("fits");
            outbox.mark_sent(id);
        }
        outbox.requeue(|entry| entry.item != "a");
        assert_eq!(outbox.next_queued().map(|entry| entry.item), Some("b"));
        assert_eq!(outbox.in_flight(), 1);
    }

    #[test]
    fn only_what_is_queued_expires() {
        let now = Instant::now();
        let mut outbox = outbox(9, 90);
        let sent = outbox.push(now, 1, "sent").expect("fits");
        outbox.mark_sent(sent);
        outbox.push(now, 1, "queued").expect("fits");
        assert!(outbox.take_expired(now + Duration::from_secs(60)).is_empty());
        let expired = outbox.take_expired(now + Duration::from_secs(61));
        assert_eq!(expired.iter().map(|entry| entry.item).collect::<Vec<_>>(), ["queued"]);
        assert_eq!(outbox.len(), 1);
    }
}
