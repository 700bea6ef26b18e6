//! What is done for those who have no line: one thing said, or one page read.
//!
//! It goes the same way as everything else (the room is open while it is underway, the engine judges order and repeats), so that
//! there is no second way to the history. Nobody is in the room for it, and nobody hears that somebody came or went.

use std::sync::Arc;

use super::{Hub, Waiting};
use crate::room::engine::{Draft, Page, Refusal, Request, Unavailable};
use crate::time::Instant;
use crate::wire::RejectCode;

/// Names one errand. Never used twice by one hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErrandId(pub u64);

/// What somebody without a line wants. Everything in it has been checked against the limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// To say one thing.
    Say {
        /// Where.
        room: Arc<str>,
        /// The message.
        draft: Draft,
    },
    /// To read what comes after a seq.
    Read {
        /// Of which room.
        room: Arc<str>,
        /// What `after` counts in; without it, in whatever is there.
        epoch: Option<String>,
        /// The last seq that is known.
        after: u64,
        /// How many messages; at most [`HubConfig::first_page`](crate::room::HubConfig::first_page) are told at once.
        limit: u32,
    },
}

/// What became of an errand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It is durable.
    Said {
        /// What the seq counts in.
        epoch: Arc<str>,
        /// Its seq.
        seq: u64,
    },
    /// It will never be taken.
    Rejected(RejectCode, String),
    /// A piece of history.
    Read(Piece),
    /// The history cannot do it now. Whether something was said is not known: the same again is safe.
    Unavailable,
}

/// A piece of history, with the holes in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What the seqs count in.
    pub epoch: Arc<str>,
    /// The room's highest seq when this was read.
    pub last: u64,
    /// The `said`s, in the order of seqs.
    pub messages: Vec<Arc<str>>,
    /// Where something is missing: the last seq before the hole, and the first behind it where it is known.
    pub gaps: Vec<(u64, Option<u64>)>,
    /// After which seq to read on.
    pub next: u64,
    /// Whether there is more by now.
    pub more: bool,
}

/// An errand the engine was asked to do.
#[derive(Debug)]
pub(super) struct Underway {
    id: ErrandId,
    room: Arc<str>,
    epoch: Arc<str>,
    /// Of a page: where it begins.
    after: u64,
}

impl Hub {
    /// Somebody without a line wants something. How many may be underway at once is the shell's to bound.
    pub fn handle_errand(&mut self, now: Instant, id: ErrandId, errand: Errand) {
        let room = errand.room().clone();
        let is_new = self.make_place(now, &room);
        if let Some(place) = self.places.get_mut(&room) {
            place.errands.push_back((id, errand));
        }
        if is_new { self.open(&room) } else { self.run_errands(&room) }
    }

    /// The next errand that is done.
    pub fn poll_errand(&mut self) -> Option<(ErrandId, Done)> {
        self.done.pop_front()
    }

    /// Asks the engine for all that waited for the room to be open.
    pub(super) fn run_errands(&mut self, room: &Arc<str>) {
        let Some(place) = self.places.get_mut(room) else { return };
        let Some(head) = &place.head else { return };
        let epoch = head.epoch.clone();
        let errands = std::mem::take(&mut place.errands);
        place.errands_underway += errands.len();
        for (id, errand) in errands {
            match errand {
                Errand::Say { room, draft } => {
                    let ticket = self.ticket(Waiting::Errand(Underway {
                        id,
                        room: room.clone(),
                        epoch: epoch.clone(),
                        after: 0,
                    }));
                    self.requests.push_back(Request::Append { ticket, room, draft });
                }
                Errand::Read { room, epoch: known, after, limit } => {
                    // Positions of another epoch mean nothing: all there is, as for a line.
                    let after = if known.is_none_or(|known| *known == *epoch) { after } else { 0 };
                    let most = self.most(limit.clamp(1, self.config.first_page));
                    let ticket = self.ticket(Waiting::Errand(Underway {
                        id,
                        room: room.clone(),
                        epoch: epoch.clone(),
                        after,
                    }));
                    self.requests.push_back(Request::ReadAfter { ticket, room, after, most });
                }
            }
        }
    }

    /// The room cannot be opened now.
    pub(super) fn refuse_errands(&mut self, now: Instant, room: &Arc<str>) {
        let Some(place) = self.places.get_mut(room) else { return };
        let errands = std::mem::take(&mut place.errands);
        self.done.extend(errands.into_iter().map(|(id, _)| (id, Done::Unavailable)));
        self.presence_due(now, room);
    }

    pub(super) fn errand_said(&mut self, now: Instant, underway: &Underway, seq: Result<u64, Refusal>) {
        let done = match seq {
            Ok(seq) => Done::Said { epoch: underway.epoch.clone(), seq },
            Err(refusal @ Refusal::IdReused) => Done::Rejected(RejectCode::IdReused, refusal.to_string()),
            Err(refusal @ Refusal::Expired) => Done::Rejected(RejectCode::Expired, refusal.to_string()),
            Err(Refusal::Unavailable(_)) => Done::Unavailable,
        };
        self.end_errand(now, underway, done);
    }

    pub(super) fn errand_read(&mut self, now: Instant, underway: &Underway, page: Result<Page, Unavailable>) {
        let done = match page {
            Ok(page) => Done::Read(piece(underway.epoch.clone(), underway.after, page)),
            Err(Unavailable(_)) => Done::Unavailable,
        };
        self.end_errand(now, underway, done);
    }

    fn end_errand(&mut self, now: Instant, underway: &Underway, done: Done) {
        let Some(place) = self.places.get_mut(&underway.room) else { return };
        place.errands_underway -= 1;
        // Nobody knows which epoch the answer counts in if it changed meanwhile. Asked again, it counts in the new one.
        let same = place.head.as_ref().is_some_and(|head| head.epoch == underway.epoch);
        let done = if same { done } else { Done::Unavailable };
        if let Done::Read(piece) = &done {
            self.tally.gaps += piece.gaps.len() as u64;
        }
        self.done.push_back((underway.id, done));
        self.presence_due(now, &underway.room);
    }
}

impl Errand {
    const fn room(&self) -> &Arc<str> {
        match self {
            Self::Say { room, .. } | Self::Read { room, .. } => room,
        }
    }
}

/// A page and its holes, by the same rule as on a line: each message names the one before it.
fn piece(epoch: Arc<str>, after: u64, page: Page) -> Piece {
    let mut gaps = Vec::new();
    let mut next = after;
    let mut messages = Vec::with_capacity(page.entries.len());
    for entry in page.entries {
        if entry.prev != next {
            gaps.push((next, Some(entry.seq)));
        }
        next = entry.seq;
        messages.push(entry.encoded);
    }
    if !page.more && next != page.last {
        // History ends before the head, or the reader claims to have more than there is.
        gaps.push((next, None));
        next = page.last;
    }
    Piece { epoch, last: page.last, messages, gaps, next, more: page.more }
}
