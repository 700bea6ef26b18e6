//! Own messages that outlive the program.
//!
//! A chat that [keeps](Chat::keep) asks its shell to store each own message before it is first sent, and to forget it once it is
//! settled. A later run of the same identity hands back what is still stored; it goes out with the numbers it had, so that the
//! server knows a repeat when it sees one.
//!
//! # Rules
//!
//! - A message goes out once the shell has [`kept`](Chat::kept) it. Behind it its room waits, for numbers are taken in rising order.
//! - Words are not lost for want of a disk: what cannot be stored, or not within [`STORE_WITHIN`], goes out all the same, and
//!   [`RoomEvent::NotKept`] says so.
//! - What the server settled is forgotten. What this client itself gave back stays stored until its writer has taken it.
//! - A room that only earlier messages need is joined for their sake, and left when they are settled.

use super::own::{Delivery, Keeping, Rejection, Written};
use super::room::Room;
use super::{Chat, Event, RoomEvent};
use crate::time::{Duration, Instant};
use crate::wire::{MAX_NUMBER, RejectCode, Style, check_name};

/// How long a shell may take to store a message before it goes out unstored: a disk that hangs must not silence its user.
const STORE_WITHIN: Duration = Duration::from_secs(5);

/// What there is to store. A shell does it in the order it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// Store this, then say [`Chat::kept`] or [`Chat::not_kept`].
    Message(Kept),
    /// It is settled: store it no longer. That it is stored again would do no harm, only cost a repeat.
    Forget {
        /// Its room.
        room: String,
        /// Its number.
        id: u64,
    },
    /// Dials and messages have used the numbers up to here; a later run's [`Identity`](super::Identity) begins above the highest
    /// of these and of all stored messages' numbers.
    Used {
        /// The number.
        number: u64,
    },
}

/// An own message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its room.
    pub room: String,
    /// Its running number in that room.
    pub id: u64,
    /// The words.
    pub text: String,
    /// How it looks as a bullet comment.
    pub style: Option<Style>,
    /// How long ago it was written, by the wall clock: the only one that goes on between two runs. Zero when it is to be stored.
    pub age: Duration,
}

impl Chat {
    /// Has own messages stored from here on, and takes back what an earlier run of this identity had stored. Call it before the
    /// first [`connect`](Self::connect).
    ///
    /// What is too old by now, or no longer fits into the outbox, comes back to its writer.
    pub fn keep(&mut self, now: Instant, mut stored: Vec<Kept>) {
        self.keeps = true;
        stored.sort_by_key(|kept| kept.id);
        stored.dedup_by(|later, first| (later.id, &later.room) == (first.id, &first.room));
        let mut youngest = Duration::MAX;
        for kept in stored {
            // Numbers rise with time; a wall clock that was set back does not make what is later older.
            youngest = youngest.min(kept.age);
            self.take_back(now, Kept { age: youngest, ..kept });
        }
        self.follow(now);
    }

    /// The shell has stored this message: it may go out.
    pub fn kept(&mut self, now: Instant, room: &str, id: u64) {
        self.own.set_stored(room, id, Keeping::Stored);
        self.follow(now);
    }

    /// The shell cannot store this message: it goes out all the same, and its writer is told `why`.
    pub fn not_kept(&mut self, now: Instant, room: &str, id: u64, why: &str) {
        if self.own.set_stored(room, id, Keeping::GivenUp) {
            self.tell(room, RoomEvent::NotKept { id, why: why.to_owned() });
        }
        self.follow(now);
    }

    /// Asks the shell to store a message, where messages are stored at all.
    pub(super) fn ask_to_keep(&mut self, now: Instant, written: &mut Written) -> Option<Keep> {
        if !self.keeps {
            return None;
        }
        written.keeping = Keeping::Asked { until: now + STORE_WITHIN };
        let Written { room, id, text, style, .. } = written.clone();
        Some(Keep::Message(Kept { room, id, text, style, age: Duration::ZERO }))
    }

    /// Asks the shell to forget a message, if it was asked to store it.
    pub(super) fn forget(&mut self, written: &mut Written) {
        if std::mem::take(&mut written.keeping) != Keeping::No {
            let (room, id) = (written.room.clone(), written.id);
            self.events.push_back(Event::Keep(Keep::Forget { room, id }));
        }
    }

    /// Asks the shell to remember that a number is used up.
    pub(super) fn keep_used(&mut self, number: u64) {
        if self.keeps {
            self.events.push_back(Event::Keep(Keep::Used { number }));
        }
    }

    /// Lets go out what the shell took too long to store.
    pub(super) fn stop_waiting_for_store(&mut self, now: Instant) {
        while let Some((room, id)) = self.own.overdue(now) {
            self.own.set_stored(&room, id, Keeping::GivenUp);
            let why = format!("storing it took longer than {} s", STORE_WITHIN.as_secs());
            self.tell(&room, RoomEvent::NotKept { id, why });
        }
    }

    /// Leaves the rooms that only earlier messages needed.
    pub(super) fn end_errands(&mut self) {
        let own = &self.own;
        let done = |room: &&Room| room.is_errand() && own.has_none_of(room.name());
        let done: Vec<String> = self.rooms.values().filter(done).map(|room| room.name().to_owned()).collect();
        for room in done {
            self.drop_room(&room);
        }
    }

    fn take_back(&mut self, now: Instant, kept: Kept) {
        let Kept { room, id, text, style, age } = kept;
        // It may have been sent: only the server knows.
        let written = Written { room, id, text, style, tried: true, aged: age, keeping: Keeping::Stored };
        let limits = self.limits.unwrap_or_default();
        if let Err(fault) = check_name(&written.room, limits.room_bytes) {
            return self.give_back(written, Rejection::local(RejectCode::BadRoom, fault.to_string()));
        }
        if !(1..=MAX_NUMBER / 2).contains(&id) {
            let why = "what was stored of it is damaged".to_owned();
            return self.give_back(written, Rejection::local(RejectCode::BadId, why));
        }
        let first_id = self.identity.first_id().max(self.unused_id);
        let room = self
            .rooms
            .entry(written.room.clone())
            .or_insert_with(|| Room::errand(written.room.clone(), first_id));
        room.used_id(id);
        match self.own.push(now, written.clone()) {
            Ok(()) => {
                let room = written.room.clone();
                self.tell(&room, RoomEvent::Own(written.shown(Delivery::Queued)));
            }
            Err(full) => {
                let code = RejectCode::Other("full".to_owned());
                self.give_back(written, Rejection::local(code, full.to_string()));
            }
        }
    }
}
