//! What comes from the line, and what follows from it.

use super::own::{Delivery, Rejection, Written};
use super::room::{Next, Presence, Room, Told};
use super::{Chat, Event, RoomEvent};
use crate::line::{LineEvent, Machine as _};
use crate::time::{Duration, Instant};
use crate::wire::{ClientMessage, ErrorCode, HoldCode, Limits, RejectCode, Resume, Said, ServerMessage};

/// So many rooms are resumed in the `hello`, which thus stays far below the longest message; the others are joined after it.
const RESUMED_AT_ONCE: usize = 32;

impl Chat {
    /// Draws conclusions from what the line did, then does what is due.
    pub(super) fn follow(&mut self, now: Instant) {
        while let Some(event) = self.line.poll_event() {
            self.take(now, event);
        }
        for room in self.rooms.values_mut() {
            room.release(now);
        }
        self.end_stale_pages(now);
        self.expire(now);
        self.stop_waiting_for_store(now);
        self.end_errands();
        self.ask_for_token(now);
        self.ask_for_rooms();
        if self.pump() {
            self.line.redial(now);
            // Nothing can be pumped before the next welcome, so this ends.
            self.follow(now);
        }
    }

    fn take(&mut self, now: Instant, event: LineEvent) {
        match event {
            LineEvent::Server(message) => return self.take_message(now, message),
            LineEvent::Opened { .. } => self.say_hello(),
            LineEvent::Ended(_) => self.line_ended(),
            LineEvent::StateChanged(_)
            | LineEvent::Message(_)
            | LineEvent::Unreadable { .. }
            | LineEvent::Clamped { .. }
            | LineEvent::RoundTrip(_)
            | LineEvent::Sent(_)
            | LineEvent::Arrived { .. }
            | LineEvent::UnknownFate { .. }
            | LineEvent::Expired(_)
            | LineEvent::TokenWanted => {}
        }
        self.events.push_back(Event::Line(event));
    }

    fn take_message(&mut self, now: Instant, message: ServerMessage) {
        match message {
            ServerMessage::Welcome { session, you, heartbeat: _, limits } => {
                self.take_welcome(session, you, limits)
            }
            ServerMessage::Joined { room, epoch, last, members, total } => {
                self.in_room(&room, |room, told| room.joined(epoch, last, members, total, told));
            }
            ServerMessage::Said(said) => self.take_said(said),
            ServerMessage::Accepted { room, id, seq } => {
                self.take_accepted(&room, id, seq, |_| true);
            }
            ServerMessage::Rejected { room, id, code, why } => self.take_rejected(&room, id, code, why),
            ServerMessage::Hold { room, from_id, code, retry_ms } => {
                self.take_hold(now, &room, from_id, code, Duration::from_millis(retry_ms));
            }
            ServerMessage::Gap { room, after, next } => {
                self.in_room(&room, |room, told| room.gap(after, next, told))
            }
            ServerMessage::Members { room, joined, left, total } => {
                self.in_room(&room, |room, told| room.members_changed(joined, left, total, told));
            }
            ServerMessage::Draining { within_ms } => {
                self.events.push_back(Event::Draining { within: Duration::from_millis(within_ms) });
            }
            ServerMessage::Token { ends_ms } => self.take_token_end(now, ends_ms),
            ServerMessage::Error { code, why, room } => self.take_error(code, why, room),
            // The line keeps these to itself.
            ServerMessage::Ping { .. } | ServerMessage::Pong { .. } => {}
        }
    }

    fn say_hello(&mut self) {
        let mut resume = Vec::new();
        for room in self.rooms.values_mut().filter(|room| !room.is_refused()).take(RESUMED_AT_ONCE) {
            let (epoch, after) = room.position();
            resume.push(Resume { room: room.name().to_owned(), epoch, after });
            room.set_presence(Presence::Asked);
        }
        let hello = ClientMessage::Hello {
            client: self.identity.secret().as_str().to_owned(),
            dial: self.identity.next_dial(),
            name: self.name.clone(),
            token: self.token.text(),
            resume,
        };
        let posted = self.line.post(&hello);
        debug_assert!(posted.is_ok(), "the line has just been opened");
        self.keep_used(self.identity.dial());
    }

    fn line_ended(&mut self) {
        self.welcomed = false;
        self.token.line_ended();
        self.rooms.values_mut().for_each(Room::line_ended);
        for written in self.own.line_ended() {
            let room = written.room.clone();
            self.tell(&room, RoomEvent::Own(written.shown(Delivery::Queued)));
        }
    }

    fn take_welcome(&mut self, session: String, you: String, announced: Limits) {
        let limits = announced.clamped();
        if limits != announced {
            self.odd(
                None,
                "the server announced limits that cannot work; the nearest that can are used".to_owned(),
            );
        }
        let age = Duration::from_secs(limits.outbox_age_s.into());
        self.own.limit_age(self.line.config().policy.outbox(), age);
        self.limits = Some(limits);
        self.welcomed = true;
        self.you = Some(you.clone());
        self.events.push_back(Event::Welcome { you, session });
    }

    /// Joins the rooms that were not asked for on this line.
    fn ask_for_rooms(&mut self) {
        if !self.welcomed {
            return;
        }
        for room in self.rooms.values_mut().filter(|room| room.presence() == Presence::Apart) {
            if self.line.post(&join(room)).is_ok() {
                room.set_presence(Presence::Asked);
            }
        }
    }

    fn take_said(&mut self, said: Said) {
        let name = said.room.clone();
        let own = self.you.as_ref() == Some(&said.from);
        if own && let Some(room) = self.rooms.get_mut(&name) {
            // A number this client used in an earlier run must not be used again.
            room.learn_id(said.id);
            // An own message settles itself, whether the word of it comes or not.
            let settled = self.take_accepted(&name, said.id, said.seq, |text| text == said.text);
            if let (Some(written), Some(room)) = (settled, self.rooms.get_mut(&name)) {
                room.note_return(written);
            }
        }
        let mut next = Next::Nothing;
        self.in_room(&name, |room, told| next = room.said(said, own, told));
        if next == Next::JoinAgain
            && let Some(room) = self.rooms.get(&name)
        {
            // Without a line there is nothing to heal: the next one resumes from here.
            let _ = self.line.post(&join(room));
        }
    }

    fn take_accepted(
        &mut self,
        room: &str,
        id: u64,
        seq: u64,
        same: impl Fn(&str) -> bool,
    ) -> Option<Written> {
        let mut written = self.own.settle(room, id, |written| same(&written.text))?;
        self.tell(room, RoomEvent::Own(written.clone().shown(Delivery::Accepted { seq })));
        self.forget(&mut written);
        let (you, name) = (self.you.clone().unwrap_or_default(), self.name.clone());
        self.in_room(room, |room, told| {
            room.widen();
            room.accept(written.clone(), seq, &you, &name, told);
        });
        Some(written)
    }

    fn take_rejected(&mut self, room: &str, id: u64, code: RejectCode, why: String) {
        if let Some(written) = self.own.settle(room, id, |_| true) {
            if let Some(room) = self.rooms.get_mut(room) {
                room.widen();
            }
            self.give_back(written, Rejection { code, why, by_server: true });
        }
    }

    fn take_hold(&mut self, now: Instant, name: &str, from_id: u64, code: HoldCode, wait: Duration) {
        self.in_room(name, |room, told| room.hold_from(now, from_id, code, wait, told));
        let held = self.own.hold(name, from_id);
        let Some(room) = self.rooms.get(name) else { return };
        let shown: Vec<_> = held.iter().map(|written| self.shown(room, written, false)).collect();
        for own in shown {
            self.tell(name, RoomEvent::Own(own));
        }
    }

    fn take_error(&mut self, code: ErrorCode, why: String, room: Option<String>) {
        let about = room.as_ref().and_then(|room| self.rooms.get_mut(room));
        let presence = about.as_ref().map(|room| room.presence());
        let refused = match (&code, presence) {
            (ErrorCode::BadRoom | ErrorCode::TooManyRooms, Some(Presence::Asked)) => true,
            // A token may also open fewer rooms than the one before it.
            (ErrorCode::Forbidden, Some(Presence::Asked | Presence::In)) => true,
            _ => false,
        };
        match about {
            Some(room) if refused => {
                room.set_presence(Presence::Refused);
                let name = room.name().to_owned();
                return self.tell(&name, RoomEvent::Refused { code, why });
            }
            Some(room) => room.forget_page(),
            None => {}
        }
        self.events.push_back(Event::ServerError { code, why, room });
    }

    fn end_stale_pages(&mut self, now: Instant) {
        let events = &mut self.events;
        for room in self.rooms.values_mut() {
            let mut told = Told::default();
            room.end_stale_page(now, &mut told);
            let name = room.name();
            events.extend(told.events.into_iter().map(|what| Event::Room { room: name.to_owned(), what }));
        }
    }

    /// Lets a room draw its conclusions. Messages of rooms that we left a moment ago still come, and are nobody's.
    fn in_room(&mut self, name: &str, change: impl FnOnce(&mut Room, &mut Told)) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let mut told = Told::default();
        change(room, &mut told);
        for what in told.events {
            self.tell(name, what);
        }
        for what in told.odd {
            self.odd(Some(name), what);
        }
    }

    fn odd(&mut self, room: Option<&str>, what: String) {
        self.events.push_back(Event::Odd { room: room.map(str::to_owned), what });
    }
}

fn join(room: &Room) -> ClientMessage {
    let (epoch, after) = room.position();
    ClientMessage::Join { room: room.name().to_owned(), epoch, after }
}
