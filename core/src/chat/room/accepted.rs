//! Own messages between their acceptance and their return.

use std::collections::VecDeque;

use crate::chat::entry::Spoken;
use crate::chat::event::RoomEvent;
use crate::chat::own::Written;
use crate::chat::timeline::Placed;

use super::{Room, Told};

/// How many own messages may be accepted without having come back; a server sends each of them at once.
const MAX_ACCEPTED: usize = 1_024;

impl Room {
    /// An own message is durable at `seq`. It comes back as a `said`; should it not, our own copy takes its place.
    pub(in crate::chat) fn accept(
        &mut self,
        written: Written,
        seq: u64,
        you: &str,
        name: &str,
        told: &mut Told,
    ) {
        if seq == 0 {
            return told
                .odd
                .push(format!("message {} was accepted at place 0, where none can be", written.id));
        }
        let Written { id, text, style, .. } = written;
        let (from, name) = (you.to_owned(), name.to_owned());
        let era = self.timeline.era();
        let spoken = Spoken { era, seq, prev: seq - 1, at: None, from, name, id, text, style, own: true };
        if self.accepted.len() == MAX_ACCEPTED {
            self.accepted.pop_front();
            told.odd.push("the server accepts own messages without ever sending them".to_owned());
        }
        self.accepted.push_back(spoken);
        self.settle_accepted(told);
    }

    /// Accepted messages that we have passed: those that came back are done, the others take their place as our own copy.
    pub(super) fn settle_accepted(&mut self, told: &mut Told) {
        if let Some(position) = self.chain.position() {
            self.place_accepted(position, told);
        }
    }

    pub(super) fn place_accepted(&mut self, up_to: u64, told: &mut Told) {
        let (due, rest) =
            std::mem::take(&mut self.accepted).into_iter().partition(|spoken| spoken.seq <= up_to);
        self.accepted = rest;
        let due: VecDeque<Spoken> = due;
        for spoken in due {
            let key = spoken.key();
            if let Placed::At(at) = self.timeline.place(spoken) {
                let newest = at + 1 == self.timeline.len();
                told.events.push(RoomEvent::Entry { key, newest });
            }
        }
    }
}
