//! Who writes in which room: each has one message underway, and the others wait.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use heartline_core::room::Identity;
use heartline_core::room::engine::{Draft, Ticket};

use super::author::Author;

/// Of how many clients in rooms it is known what they said last. When there are more, those that are silent are asked for anew.
const KNOWN: usize = 50_000;

/// A client in a room.
pub(super) type Key = (Arc<str>, Identity);

#[derive(Debug, Default)]
pub(super) struct Authors(BTreeMap<Key, Desk>);

/// What a client wants written, and what it wrote last.
#[derive(Debug, Default)]
struct Desk {
    known: Option<Author>,
    busy: bool,
    waiting: VecDeque<(Ticket, Draft)>,
}

impl Authors {
    /// One more message to be written.
    pub(super) fn wait(&mut self, key: Key, ticket: Ticket, draft: Draft) {
        if self.0.len() >= KNOWN {
            self.0.retain(|_, desk| desk.is_at_work());
        }
        self.0.entry(key).or_default().waiting.push_back((ticket, draft));
    }

    /// The next one, unless one is underway, with what is known of its author. It is underway from now on.
    pub(super) fn begin(&mut self, key: &Key) -> Option<(Ticket, Draft, Option<Author>)> {
        let desk = self.0.get_mut(key).filter(|desk| !desk.busy)?;
        let (ticket, draft) = desk.waiting.pop_front()?;
        desk.busy = true;
        Some((ticket, draft, desk.known.take()))
    }

    /// The one underway is done; this is what is known now.
    pub(super) fn end(&mut self, key: &Key, known: Option<Author>) {
        if let Some(desk) = self.0.get_mut(key) {
            (desk.busy, desk.known) = (false, known);
        }
    }

    /// What was known of this one is not so.
    pub(super) fn forget(&mut self, key: &Key) {
        if let Some(desk) = self.0.get_mut(key) {
            desk.known = None;
        }
    }

    /// What was known counts in an epoch that is over.
    pub(super) fn begin_anew(&mut self) {
        self.0.retain(|_, desk| {
            desk.known = None;
            desk.is_at_work()
        });
    }
}

impl Desk {
    fn is_at_work(&self) -> bool {
        self.busy || !self.waiting.is_empty()
    }
}
