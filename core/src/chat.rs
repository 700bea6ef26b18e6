//! The chat application: rooms on a `heartline.v1` line.
//!
//! A [`Chat`] keeps its rooms over any number of lines. Each new line begins with a `hello` that resumes every room where it was
//! left; what was said meanwhile follows, in order and without repeats, and where something may be missing the [`Timeline`] shows
//! a [`Gap`]. Own messages go *queued → sent → accepted | held | rejected*: what is not accepted is sent again with the same
//! number, so that it arrives once, or comes back to its writer with words.
//!
//! # Rules
//!
//! - A message is sent only where the room is joined on this very line, at most `limits.in_flight` at a time, and never when it
//!   is older than `limits.outbox_age_s`.
//! - Whatever a server says is brought within bounds: numbers that lie are ignored and told as [`Event::Odd`], timelines, member
//!   lists and everything else that a server can make grow have a bound of their own.
//! - A token is fetched by the shell: one per dial, handed over before the line opens ([`Input::Token`]), and one whenever
//!   [`Event::TokenEnds`] asks for it.
//! - A hole is healed by joining again; one that lasts becomes a visible gap.
//! - Where the shell [keeps](Chat::keep) what is written, a message is stored before it is first sent, and a closed and reopened
//!   client sends what was never accepted, with the same numbers.

mod chain;
mod entry;
mod event;
mod identity;
mod inbound;
mod keeping;
mod members;
mod own;
mod refusal;
mod room;
mod sending;
mod timeline;
mod token;

use std::collections::{BTreeMap, VecDeque};

pub use entry::{Entry, EntryKey, Gap, Spoken, ToldBy};
pub use event::{Event, Joining, RoomEvent};
pub use identity::{ClientSecret, Identity, IdentityError, check_member_name, check_room_name};
pub use keeping::{Keep, Kept};
pub use members::Members;
pub use own::{Delivery, OwnMessage, Rejection};
pub use refusal::{HistoryError, JoinError, SayError};
pub use room::Room;
pub use timeline::Timeline;

use crate::close::Dialect;
use crate::line::{Input, Line, LineConfig, Machine, Timer, Transmit};
use crate::time::Instant;
use crate::wire::{BearerToken, ClientMessage, Limits, NameFault, Style, check_name};
use own::Own;
use room::Presence;
use token::Token;

/// What a [`Chat`] is told when it is made.
#[derive(Debug, Clone)]
pub struct ChatConfig {
    /// The line underneath; its dialect is `heartline.v1` whatever is set here.
    pub line: LineConfig,
    /// Who this is across reconnects.
    pub identity: Identity,
    /// What others call it.
    pub name: String,
    /// Proves who it is, where a server asks for it; until the shell hands over another.
    pub token: Option<BearerToken>,
}

/// The chat application on a `heartline.v1` line.
#[derive(Debug)]
pub struct Chat {
    line: Line,
    identity: Identity,
    name: String,
    token: Token,
    /// Of the latest `welcome`; kept over reconnects, for a server seldom changes its mind.
    limits: Option<Limits>,
    /// Whether `welcome` came on the present line.
    welcomed: bool,
    you: Option<String>,
    rooms: BTreeMap<String, Room>,
    /// No number below this may be used in a room that is joined anew: it may be one that was left.
    unused_id: u64,
    own: Own,
    /// Whether own messages are stored before they are sent.
    keeps: bool,
    events: VecDeque<Event>,
}

impl Chat {
    /// An idle application without rooms. The seed draws the line's jitter; give each client another.
    ///
    /// # Errors
    /// What is wrong with the name.
    pub fn new(config: ChatConfig, seed: u64) -> Result<Self, NameFault> {
        let ChatConfig { line, identity, name, token } = config;
        check_member_name(&name)?;
        let own = Own::new(line.policy.outbox());
        Ok(Self {
            line: Line::new(LineConfig { dialect: Dialect::V1, ..line }, seed),
            identity,
            name,
            token: Token::new(token),
            limits: None,
            welcomed: false,
            you: None,
            rooms: BTreeMap::new(),
            unused_id: 0,
            own,
            keeps: false,
            events: VecDeque::new(),
        })
    }

    /// Dials, unless a dial or a line is there already.
    pub fn connect(&mut self, now: Instant) {
        self.line.connect(now);
        self.follow(now);
    }

    /// Dials at once, giving up whatever is there.
    pub fn redial(&mut self, now: Instant) {
        self.line.redial(now);
        self.follow(now);
    }

    /// Closes and stays away until [`connect`](Self::connect). Rooms and unsettled messages are kept.
    pub fn disconnect(&mut self, now: Instant, code: u16, reason: &str) {
        self.line.disconnect(now, code, reason);
        self.follow(now);
    }

    /// Enters a room, now or as soon as there is a line, and again on every line to come. Asks again where it was refused.
    ///
    /// # Errors
    /// [`JoinError`] for a name that cannot be, or one room too many.
    pub fn join(&mut self, now: Instant, room: &str) -> Result<(), JoinError> {
        let limits = self.limits.unwrap_or_default();
        check_name(room, limits.room_bytes)?;
        if !self.rooms.contains_key(room) {
            if self.rooms.len() >= limits.rooms as usize {
                return Err(JoinError::TooMany { limit: limits.rooms });
            }
            let first_id = self.identity.first_id().max(self.unused_id);
            self.rooms.insert(room.to_owned(), Room::new(room.to_owned(), first_id));
        }
        if let Some(room) = self.rooms.get_mut(room) {
            room.set_wanted();
        }
        self.follow(now);
        Ok(())
    }

    /// Leaves a room and forgets it. What was not settled comes back with [`RoomEvent::Left`]. Whether we were in it.
    pub fn leave(&mut self, now: Instant, room: &str) -> bool {
        let was_in = self.drop_room(room);
        self.follow(now);
        was_in
    }

    /// Says something in a room. Returns its number in that room, by which [`RoomEvent::Own`] tells of it.
    ///
    /// # Errors
    /// [`SayError`]; the message is still its writer's.
    pub fn say(
        &mut self,
        now: Instant,
        room: &str,
        text: &str,
        style: Option<Style>,
    ) -> Result<u64, SayError> {
        let id = self.write(now, room, text, style)?;
        self.follow(now);
        Ok(id)
    }

    /// Asks for an older page: at most `limit` messages before the oldest. [`RoomEvent::Page`] tells when it is here.
    ///
    /// # Errors
    /// [`HistoryError`] if there is nothing to ask for, or not now.
    pub fn history(&mut self, now: Instant, room: &str, limit: u32) -> Result<(), HistoryError> {
        let first_page = self.limits.unwrap_or_default().first_page;
        let room = self.rooms.get_mut(room).ok_or(HistoryError::NotInRoom)?;
        let (before, limit) = room.may_page(limit.min(first_page))?;
        let ask = ClientMessage::History { room: room.name().to_owned(), before, limit };
        self.line.post(&ask).map_err(|_| HistoryError::NotNow)?;
        room.asked_for_page(now, limit);
        self.follow(now);
        Ok(())
    }

    /// Takes another name, told with the next dial; [`redial`](Self::redial) makes that now.
    ///
    /// # Errors
    /// What is wrong with the name; the old one stays.
    pub fn rename(&mut self, name: &str) -> Result<(), NameFault> {
        check_member_name(name)?;
        self.name = name.to_owned();
        Ok(())
    }

    /// Forgets an own message that came back; `None` if there is none of that number.
    pub fn dismiss(&mut self, room: &str, id: u64) -> Option<OwnMessage> {
        let mut returned = self.own.dismiss(room, id)?;
        self.forget(&mut returned.written);
        Some(returned.shown())
    }

    /// All rooms, by name.
    pub fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    /// A room.
    pub fn room(&self, room: &str) -> Option<&Room> {
        self.rooms.get(room)
    }

    /// What was said in a room.
    pub fn timeline(&self, room: &str) -> Option<&Timeline> {
        self.rooms.get(room).map(Room::timeline)
    }

    /// Who is in a room.
    pub fn members(&self, room: &str) -> Option<&Members> {
        self.rooms.get(room).map(Room::members)
    }

    /// The own messages of a room that are not in its timeline: unsettled, on their way back, or returned; by number.
    pub fn outbox(&self, room: &str) -> Vec<OwnMessage> {
        let Some(room) = self.rooms.get(room) else { return Vec::new() };
        let accepted = room.accepted().map(own::shown_accepted);
        let unsettled =
            self.own.unsettled(room.name()).map(|(written, sent)| self.shown(room, written, sent));
        let returned = self.own.returned(room.name()).cloned().map(own::Returned::shown);
        let mut all: Vec<OwnMessage> = accepted.chain(unsettled).chain(returned).collect();
        all.sort_by_key(|own| own.id);
        all
    }

    /// How many own messages are not settled, in all rooms.
    pub fn unsettled(&self) -> usize {
        self.own.len()
    }

    /// What others see of this client; `None` before the first `welcome`.
    pub fn you(&self) -> Option<&str> {
        self.you.as_deref()
    }

    /// What others call this client.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who this is, with the latest dial, for the shell to store.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What the server takes, as of the latest `welcome`; `None` before the first.
    pub fn limits(&self) -> Option<&Limits> {
        self.limits.as_ref()
    }

    /// Whether own messages can go out: the line is open and the server knows us.
    pub fn is_welcome(&self) -> bool {
        self.welcomed
    }

    fn drop_room(&mut self, room: &str) -> bool {
        let Some(left) = self.rooms.remove(room) else { return false };
        self.unused_id = self.unused_id.max(left.next_id());
        if matches!(left.presence(), Presence::Asked | Presence::In) {
            // Without a line there is nothing to leave.
            let _ = self.line.post(&ClientMessage::Leave { room: room.to_owned() });
        }
        for returned in self.own.take_returned(room) {
            self.forget(&mut { returned.written });
        }
        let mut unsettled = Vec::new();
        for mut written in self.own.take_room(room) {
            self.forget(&mut written);
            unsettled.push(written.shown(Delivery::Queued));
        }
        self.tell(room, RoomEvent::Left { unsettled });
        true
    }

    fn tell(&mut self, room: &str, what: RoomEvent) {
        self.events.push_back(Event::Room { room: room.to_owned(), what });
    }
}

impl Machine for Chat {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        if let Input::Token { generation, token } = input {
            if generation == self.line.generation() {
                self.set_token(now, token);
            }
            return;
        }
        self.line.handle(now, input);
        self.follow(now);
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.line.poll_transmit()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        let rooms = self.rooms.values().filter_map(Room::poll_timeout).min();
        let token = self.token.ask_at();
        let own = [rooms, self.own.next_expiry(), self.own.next_overdue(), token].into_iter().flatten().min();
        [self.line.poll_timeout(), own.map(|at| (at, Timer::Application))].into_iter().flatten().min()
    }

    fn line(&self) -> &Line {
        &self.line
    }
}
