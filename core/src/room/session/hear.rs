//! What the client says, and what becomes of it.

use std::sync::Arc;

use super::speaking::{Fence, Words};
use super::{Bearer, Notice, Session, State};
use crate::close::code;
use crate::room::Identity;
use crate::room::talk::{Enter, Outcome, ToHub};
use crate::time::{Duration, Instant};
use crate::wire::{
    ClientMessage, DecodeError, ErrorCode, HoldCode, RejectCode, Resume, ServerMessage, Style, check_name,
};

/// 128 bits are at least so many bytes, however they are written.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 16..=256;

/// A name that is wrong is quoted in the answer up to this length, in bytes.
const QUOTED_BYTES: usize = 1024;

impl Session {
    pub(super) fn hear(&mut self, now: Instant, text: &str) {
        if !self.messages.take(now) {
            let why = "too many messages; this one was not looked at".to_owned();
            return self.mistake(now, ErrorCode::Busy, why, None);
        }
        let message = match ClientMessage::decode(text) {
            Ok(message) => message,
            Err(error) => {
                let code = match error {
                    DecodeError::TooLong { .. } => ErrorCode::TooLong,
                    DecodeError::NotJson(_) => ErrorCode::NotJson,
                    DecodeError::UnknownType(_) => ErrorCode::UnknownType,
                    DecodeError::BadField { .. } => ErrorCode::BadField,
                };
                return self.mistake(now, code, error.to_string(), None);
            }
        };
        let greeted = !matches!(self.state, State::Expecting(_));
        match message {
            ClientMessage::Hello { client, dial, name, token, resume } => {
                if greeted {
                    let why = "hello is said once on a line".to_owned();
                    return self.mistake(now, ErrorCode::HelloTwice, why, None);
                }
                self.hello(now, &client, dial, name, token, resume);
            }
            ClientMessage::Ping { n } => self.send(now, &ServerMessage::Pong { n }),
            ClientMessage::Pong { n } => {
                if let Some(heartbeat) = &mut self.heartbeat {
                    let round_trip = heartbeat.handle_answer(now, n);
                    if let Some(round_trip) = round_trip {
                        self.notice(Notice::RoundTrip(round_trip));
                    }
                }
            }
            ClientMessage::Join { .. }
            | ClientMessage::Leave { .. }
            | ClientMessage::History { .. }
            | ClientMessage::Token { .. }
            | ClientMessage::Say { .. }
                if !greeted =>
            {
                let why = "hello comes first".to_owned();
                self.mistake(now, ErrorCode::HelloFirst, why, None);
            }
            ClientMessage::Join { room, epoch, after } => {
                if let Some(enter) = self.entrance(now, Resume { room, epoch, after }) {
                    self.hub.push_back(ToHub::Enter(enter));
                }
            }
            ClientMessage::Leave { room } => self.leave(&room),
            ClientMessage::History { room, before, limit } => self.history(now, room, before, limit),
            ClientMessage::Token { token } => self.renew(now, &token),
            ClientMessage::Say { room, id, text, style } => self.say(now, room, id, text, style),
        }
    }

    fn hello(
        &mut self,
        now: Instant,
        secret: &str,
        dial: u64,
        name: String,
        token: Option<String>,
        resume: Vec<Resume>,
    ) {
        if !SECRET_BYTES.contains(&secret.len()) {
            let why = "the client secret must be random, of at least 128 bits, and at most 256 bytes long";
            return self.mistake(now, ErrorCode::WeakSecret, why.to_owned(), None);
        }
        let bearer = self.bearer.as_ref().map(|Bearer(token)| token.as_str());
        let grant = match self.gate.admit(now, token.as_deref().or(bearer)) {
            Ok(grant) => grant,
            // A line, accepted and closed: a page sees the code and the words, and of a refused handshake nothing.
            Err(denied) => return self.close(code::UNAUTHORIZED, denied.why()),
        };
        let name = match &grant.name {
            // Whoever is named by a token is called so, whatever it calls itself.
            Some(name) => Arc::clone(name),
            None => name.into(),
        };
        if let Err(fault) = check_name(&name, self.config.limits.name_bytes) {
            let why = format!("this name cannot be used: {fault}");
            return self.mistake(now, ErrorCode::BadName, why, None);
        }
        let identity = Identity::of(secret, grant.subject.as_deref());
        self.grant = Some(grant);
        let mut enter = Vec::new();
        for resume in resume {
            enter.extend(self.entrance(now, resume));
        }
        if self.is_closed() {
            return;
        }
        self.bearer = None;
        self.identity = Some(identity);
        self.state = State::Greeting;
        self.hub.push_back(ToHub::Hello { identity, dial, name, enter });
    }

    /// Whether the client may enter a room.
    fn entrance(&mut self, now: Instant, resume: Resume) -> Option<Enter> {
        let Resume { room, epoch, after } = resume;
        let quoted = (room.len() <= QUOTED_BYTES).then(|| room.clone());
        if let Err(fault) = check_name(&room, self.config.limits.room_bytes) {
            self.mistake(now, ErrorCode::BadRoom, format!("there can be no such room: {fault}"), quoted);
            return None;
        }
        if let Err(why) = self.check_entry(&room) {
            self.mistake(now, ErrorCode::Forbidden, why.to_owned(), quoted);
            return None;
        }
        let most = self.config.limits.rooms as usize;
        if self.rooms.len() >= most && !self.rooms.contains(&*room) {
            let why = format!("a line may be in {most} rooms; leave one first");
            self.mistake(now, ErrorCode::TooManyRooms, why, quoted);
            return None;
        }
        let room: Arc<str> = room.into();
        self.rooms.insert(room.clone());
        Some(Enter { room, epoch, after })
    }

    fn history(&mut self, now: Instant, room: String, before: u64, limit: u32) {
        let Some(known) = self.rooms.get(&*room).cloned() else {
            let room = (room.len() <= QUOTED_BYTES).then_some(room);
            return self.mistake(now, ErrorCode::NotJoined, "join the room first".to_owned(), room);
        };
        if self.asking {
            let why = "one history at a time; ask again when it has come".to_owned();
            return self.mistake(now, ErrorCode::Busy, why, Some(room));
        }
        self.asking = true;
        self.hub.push_back(ToHub::History { room: known, before, limit });
    }

    fn say(&mut self, now: Instant, name: String, id: u64, text: String, style: Option<Style>) {
        let limits = self.config.limits;
        let Some(room) = self.rooms.get(&*name).cloned() else {
            return self.say_nowhere(now, name, id);
        };
        if id == 0 {
            let why = "ids begin at 1".to_owned();
            return self.reject(now, &room, id, RejectCode::BadId, why);
        }
        if let Err(why) = self.check_speech(&room) {
            return self.reject(now, &room, id, RejectCode::Forbidden, why.to_owned());
        }
        let patience = self.config.ignored_holds;
        match self.speaking.entry(room.clone()).or_default().fence(now, id, patience, limits.in_flight) {
            Fence::Open => {}
            // On its way before the hold was known: nobody's mistake, and there are only so many.
            Fence::Drop => return self.messages.put_back(),
            Fence::Again { from_id, code, wait } => {
                return self.tell_hold(now, &room, from_id, code, wait);
            }
            Fence::Ignored => return self.close(code::IGNORED_HOLD, "messages were sent in spite of a hold"),
        }
        if self.in_flight >= limits.in_flight as usize || !self.says.take(now) {
            let wait = self.says.refill();
            return self.hold(now, &room, id, HoldCode::TooFast, wait);
        }
        let fault = if text.trim().is_empty() {
            Some((RejectCode::Empty, "there is nothing in it".to_owned()))
        } else if text.len() > limits.text_bytes as usize {
            let why = format!("it is {} bytes long and may be {}", text.len(), limits.text_bytes);
            Some((RejectCode::TooLong, why))
        } else {
            None
        };
        if let Some((code, why)) = fault {
            self.forget_if_idle(&room);
            return self.reject(now, &room, id, code, why);
        }
        self.in_flight += 1;
        self.speaking.entry(room.clone()).or_default().queue.push_back(Words { id, text, style });
        self.speak(&room);
    }

    /// Into a room the client is not in.
    fn say_nowhere(&mut self, now: Instant, room: String, id: u64) {
        let (code, why) = match check_name(&room, self.config.limits.room_bytes) {
            Ok(()) => match self.check_speech(&room) {
                Ok(()) => (RejectCode::NotJoined, "join the room first".to_owned()),
                Err(why) => (RejectCode::Forbidden, why.to_owned()),
            },
            Err(fault) => (RejectCode::BadRoom, format!("there can be no such room: {fault}")),
        };
        if room.len() > QUOTED_BYTES {
            return self.mistake(now, ErrorCode::BadRoom, why, None);
        }
        self.reject(now, &room, id, code, why);
    }

    /// What became of the message that was underway.
    pub(super) fn settle(&mut self, now: Instant, room: &Arc<str>, id: u64, outcome: Outcome) {
        let Some(speaking) = self.speaking.get_mut(room) else { return };
        if speaking.underway != Some(id) {
            return;
        }
        speaking.underway = None;
        self.in_flight -= 1;
        match outcome {
            Outcome::Accepted(seq) => {
                self.notice(Notice::Accepted);
                self.send(now, &ServerMessage::Accepted { room: room.to_string(), id, seq });
            }
            Outcome::Rejected(code, why) => self.reject(now, room, id, code, why),
            Outcome::Held(code) => {
                self.in_flight -= speaking.queue.len();
                speaking.queue.clear();
                let wait = self.config.unavailable_retry;
                self.hold(now, room, id, code, wait);
            }
        }
        self.speak(room);
        self.close_if_settled();
    }

    /// Sends the next message of a room on its way.
    fn speak(&mut self, room: &Arc<str>) {
        if let Some(speaking) = self.speaking.get_mut(room)
            && speaking.underway.is_none()
            && let Some(Words { id, text, style }) = speaking.queue.pop_front()
        {
            speaking.underway = Some(id);
            self.hub.push_back(ToHub::Say { room: room.clone(), id, text, style });
        }
        self.forget_if_idle(room);
    }

    pub(super) fn forget_if_idle(&mut self, room: &Arc<str>) {
        if self.speaking.get(room).is_some_and(super::Speaking::is_idle) {
            self.speaking.remove(room);
        }
    }

    fn hold(&mut self, now: Instant, room: &Arc<str>, from_id: u64, code: HoldCode, wait: Duration) {
        self.speaking.entry(room.clone()).or_default().hold(from_id, code.clone(), now + wait);
        self.tell_hold(now, room, from_id, code, wait);
    }

    fn tell_hold(&mut self, now: Instant, room: &str, from_id: u64, code: HoldCode, wait: Duration) {
        self.notice(Notice::Held(code.clone()));
        // Rounded up: who comes back when told to is not too early.
        let retry_ms = u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
        self.send(now, &ServerMessage::Hold { room: room.to_owned(), from_id, code, retry_ms });
    }

    pub(super) fn reject(&mut self, now: Instant, room: &str, id: u64, code: RejectCode, why: String) {
        self.notice(Notice::Rejected(code.clone()));
        self.send(now, &ServerMessage::Rejected { room: room.to_owned(), id, code, why });
    }
}
