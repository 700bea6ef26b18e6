use std::sync::Arc;

use super::place::Stage;
use super::{Hub, LineId};
use crate::room::engine::Entry;
use crate::room::talk::{FromHub, encoded, weight};
use crate::wire::ServerMessage;

impl Hub {
    /// A room has a new message: everybody who has all before it gets the same bytes. Who cannot take it now reads it later.
    pub(super) fn fan_out(&mut self, room: &Arc<str>, entry: &Entry) {
        let Some(place) = self.places.get_mut(room) else { return };
        let Some(head) = &mut place.head else { return };
        if entry.seq <= head.last {
            return;
        }
        head.last = entry.seq;
        let weight = weight(&entry.encoded);
        let mut fallen: Vec<LineId> = Vec::new();
        for (&id, here) in &mut place.here {
            let Some(line) = self.lines.get_mut(&id) else { continue };
            if here.stage != Stage::Live || entry.seq <= here.sent {
                continue;
            }
            // An empty line takes anything: a message wider than the window must not wait for ever.
            if line.unwritten > 0 && line.unwritten + weight > self.config.window {
                here.stage = Stage::Behind;
                line.behind.push_back(room.clone());
                self.tally.set_back += 1;
                fallen.push(id);
                continue;
            }
            if entry.prev != here.sent {
                let gap = gap(room, here.sent, Some(entry.seq));
                self.tally.gaps += 1;
                line.unwritten += super::weight(&gap);
                self.out.push_back((id, FromHub::Deliver(gap)));
            }
            here.sent = entry.seq;
            line.unwritten += weight;
            self.out.push_back((id, FromHub::Deliver(entry.encoded.clone())));
        }
        for line in fallen {
            self.read_on(line);
        }
    }
}

pub(super) fn gap(room: &str, after: u64, next: Option<u64>) -> Arc<str> {
    encoded(&ServerMessage::Gap { room: room.to_owned(), after, next })
}
