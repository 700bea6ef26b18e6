//! Own messages: from their writer to the line.

use super::own::{Delivery, Keeping, OwnMessage, Rejection, Returned, Written};
use super::refusal::SayError;
use super::room::{Fence, Room};
use super::{Chat, Event, RoomEvent};
use crate::time::{Duration, Instant};
use crate::wire::{ClientMessage, Limits, RejectCode, Style};

/// In the worst case JSON makes six bytes of one.
const ESCAPED: usize = 6;
/// The rest of a `say`, generously: its keys, its id, its style.
const AROUND_TEXT: usize = 200;

impl Chat {
    /// Takes a message into the outbox.
    pub(super) fn write(
        &mut self,
        now: Instant,
        room: &str,
        text: &str,
        style: Option<Style>,
    ) -> Result<u64, SayError> {
        let room = self.rooms.get_mut(room).ok_or(SayError::NotInRoom)?;
        if text.trim().is_empty() {
            return Err(SayError::Empty);
        }
        let (name, id) = (room.name().to_owned(), room.next_id());
        let (text, aged, keeping) = (text.to_owned(), Duration::ZERO, Keeping::No);
        let mut written = Written { room: name, id, text, style, tried: false, aged, keeping };
        if let Some(limits) = &self.limits {
            check_length(limits, &written)?;
        }
        let (name, shown) = (written.room.clone(), written.clone().shown(Delivery::Queued));
        let keep = self.ask_to_keep(now, &mut written);
        self.own.push(now, written)?;
        if let Some(room) = self.rooms.get_mut(&name) {
            room.used_id(id);
        }
        self.tell(&name, RoomEvent::Own(shown));
        self.events.extend(keep.map(Event::Keep));
        Ok(id)
    }

    /// Sends what may go out now. Returns whether a new line is needed for it.
    pub(super) fn pump(&mut self) -> bool {
        let Some(limits) = self.limits.filter(|_| self.welcomed) else { return false };
        while self.own.in_flight() < limits.in_flight as usize {
            let (rooms, own) = (&self.rooms, &self.own);
            let ready = |written: &Written| {
                let under_way = || own.unsettled(&written.room).filter(|(_, sent)| *sent).count();
                rooms.get(&written.room).is_some_and(|room| room.may_send(written.id, under_way))
            };
            let Some((message, written)) = self.own.next_for(ready) else { return false };
            // The limits may have become tighter since it was written.
            if let Err(too_long) = check_length(&limits, written) {
                if let Some(written) = self.own.take(message) {
                    self.give_back(written, Rejection::local(RejectCode::TooLong, too_long.to_string()));
                }
                continue;
            }
            let written = written.clone();
            let fence = self.rooms.get_mut(&written.room).map(|room| room.pass_fence(written.id));
            let first = match fence {
                Some(Fence::Open) | None => None,
                Some(Fence::After(awaited)) => Some(awaited),
                Some(Fence::Shut) => return true,
            };
            if let Some(awaited) = first
                && self.line.post(&awaited.say()).is_err()
            {
                return false;
            }
            if self.line.post(&written.say()).is_err() {
                return false;
            }
            self.own.mark_sent(message);
            let room = written.room.clone();
            self.tell(&room, RoomEvent::Own(written.shown(Delivery::Sent)));
        }
        false
    }

    /// Gives back what became too old to be sent.
    pub(super) fn expire(&mut self, now: Instant) {
        for written in self.own.take_expired(now) {
            let why = if written.tried {
                "it grew too old to be sent again; it may have arrived, look at the history"
            } else {
                "it waited too long for a connection and was never sent"
            };
            self.give_back(written, Rejection::local(RejectCode::Expired, why.to_owned()));
        }
    }

    /// An own message goes back to its writer.
    pub(super) fn give_back(&mut self, mut written: Written, rejection: Rejection) {
        let room = written.room.clone();
        if rejection.by_server {
            self.forget(&mut written);
        }
        let returned = Returned { written, rejection };
        self.tell(&room, RoomEvent::Own(returned.clone().shown()));
        if let Some(mut oldest) = self.own.give_back(returned) {
            self.forget(&mut oldest.written);
        }
    }

    pub(super) fn shown(&self, room: &Room, written: &Written, sent: bool) -> OwnMessage {
        let held = room.hold().filter(|hold| written.id >= hold.from_id);
        let delivery = match held {
            _ if sent => Delivery::Sent,
            Some(hold) => Delivery::Held { code: hold.code.clone(), until: hold.until },
            None => Delivery::Queued,
        };
        written.clone().shown(delivery)
    }
}

impl Written {
    pub(super) fn say(&self) -> ClientMessage {
        ClientMessage::Say {
            room: self.room.clone(),
            id: self.id,
            text: self.text.clone(),
            style: self.style,
        }
    }
}

fn check_length(limits: &Limits, written: &Written) -> Result<(), SayError> {
    let bytes = written.text.len();
    if bytes > limits.text_bytes as usize {
        return Err(SayError::TooLong { bytes, limit: limits.text_bytes });
    }
    // Only what might be too long is written out to see.
    let longest = (bytes + written.room.len()) * ESCAPED + AROUND_TEXT;
    let limit = limits.message_bytes;
    let encoded = if longest > limit as usize { written.say().encode().len() } else { 0 };
    if encoded > limit as usize { Err(SayError::TooLong { bytes: encoded, limit }) } else { Ok(()) }
}
