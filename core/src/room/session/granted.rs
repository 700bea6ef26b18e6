//! What this client may do, and what becomes of the line when that changes.

use std::sync::Arc;

use super::{Session, State};
use crate::close::code;
use crate::room::gate::{Denied, Grant};
use crate::room::talk::ToHub;
use crate::time::Instant;
use crate::wire::{ErrorCode, MAX_NUMBER, RejectCode, ServerMessage};

const NOT_THAT_ROOM: &str = "your token does not open this room";
const ONLY_READING: &str = "your token lets you read here, but not write";

impl Session {
    /// Whether the client may enter and read a room.
    pub(super) fn check_entry(&self, room: &str) -> Result<(), &'static str> {
        let open = self.grant.as_ref().is_some_and(|grant| grant.may_read(room));
        if open { Ok(()) } else { Err(NOT_THAT_ROOM) }
    }

    /// Whether the client may say something in a room.
    pub(super) fn check_speech(&self, room: &str) -> Result<(), &'static str> {
        match &self.grant {
            Some(grant) if grant.may_write(room) => Ok(()),
            Some(grant) if grant.may_read(room) => Err(ONLY_READING),
            Some(_) | None => Err(NOT_THAT_ROOM),
        }
    }

    /// A fresh token came. One that is no good changes nothing: the old one holds as long as it does.
    pub(super) fn renew(&mut self, now: Instant, token: &str) {
        let subject = self.grant.as_ref().and_then(|grant| grant.subject.clone());
        match self.gate.admit(now, Some(token)) {
            Ok(grant) if grant.subject == subject => {
                self.take_grant(now, grant);
                self.tell_token_end(now);
            }
            Ok(_) => {
                let why = "this token is somebody else's; dial anew to come in as somebody else".to_owned();
                self.mistake(now, ErrorCode::BadToken, why, None);
            }
            Err(denied) => self.mistake(now, ErrorCode::BadToken, denied.to_string(), None),
        }
    }

    /// What the gate knows has changed: asks it again about this client.
    pub fn handle_gate_changed(&mut self, now: Instant) {
        let (State::Greeting | State::Live, Some(grant)) = (&self.state, &self.grant) else { return };
        match self.gate.review(now, grant) {
            Ok(grant) => self.take_grant(now, grant),
            Err(Denied::Expired) => self.close(code::TOKEN_EXPIRED, Denied::Expired.why()),
            Err(denied) => self.close(code::UNAUTHORIZED, denied.why()),
        }
    }

    /// From now on that is what the client may do. It is put out of rooms that are closed to it, and told so.
    fn take_grant(&mut self, now: Instant, grant: Arc<Grant>) {
        self.grant = Some(grant);
        let closed: Vec<_> =
            self.rooms.iter().filter(|room| self.check_entry(room).is_err()).cloned().collect();
        for room in closed {
            self.leave(&room);
            let (code, why) = (ErrorCode::Forbidden, NOT_THAT_ROOM.to_owned());
            self.send(now, &ServerMessage::Error { code, why, room: Some(room.to_string()) });
        }
        self.reject_unspeakable(now);
    }

    /// What waits here to be said where nothing may be said any more goes back; what the hub has is said.
    fn reject_unspeakable(&mut self, now: Instant) {
        let rooms: Vec<_> = self.speaking.keys().cloned().collect();
        for room in rooms {
            let Err(why) = self.check_speech(&room) else { continue };
            let Some(speaking) = self.speaking.get_mut(&room) else { continue };
            let words = std::mem::take(&mut speaking.queue);
            self.in_flight -= words.len();
            for words in words {
                self.reject(now, &room, words.id, RejectCode::Forbidden, why.to_owned());
            }
            self.forget_if_idle(&room);
        }
    }

    pub(super) fn leave(&mut self, room: &str) {
        let Some(room) = self.rooms.take(room) else { return };
        // Its outbox goes with the room: who comes in again knows of no hold.
        if let Some(speaking) = self.speaking.get_mut(&room) {
            speaking.lift();
        }
        self.forget_if_idle(&room);
        self.hub.push_back(ToHub::Leave(room));
    }

    /// When the line ends because its token does.
    pub(super) fn token_ends_at(&self) -> Option<Instant> {
        match self.state {
            State::Greeting | State::Live => self.grant.as_ref()?.until,
            State::Expecting(_) | State::Leaving { .. } | State::Closed => None,
        }
    }

    /// So that the client can fetch another in time.
    pub(super) fn tell_token_end(&mut self, now: Instant) {
        let left = self.token_ends_at().map(|at| at.saturating_duration_since(now));
        let ends_ms =
            left.map(|left| u64::try_from(left.as_millis()).map_or(MAX_NUMBER, |ms| ms.min(MAX_NUMBER)));
        self.send(now, &ServerMessage::Token { ends_ms });
    }
}
