//! A chat line: its driver, and what the Chat tab shows of it.

mod entering;
mod keeping;
mod tokens;

use heartline_core::{
    chat::{Chat, ChatConfig, Entry, EntryKey, Event, HistoryError, JoinError, RoomEvent, SayError},
    close::{Dialect, code},
    line::{LineConfig, Machine},
    policy::Policy,
    wire::{NameFault, PROTOCOL, Style},
};
use js_sys::Promise;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{redraw::Redraw, set_if_new, stage::StageSession};
use crate::{
    clock,
    dialer::Dialer,
    driver::Driver,
    identity,
    keep::Opened,
    model::{
        address::Address,
        badge::Badge,
        chat_notes,
        chat_view::{self, Item, Present},
        pulse::{Pulse, Shown},
    },
    page::linked_room,
    storage::{Store, key},
    token::TokenSource,
};

/// How many older messages one press of the button asks for.
const PAGE: u32 = 50;

/// Why somebody did not get into a room.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    /// The writer's to mend.
    #[error("this cannot be your name: {0}")]
    Name(#[from] NameFault),
    /// The writer's to mend.
    #[error(transparent)]
    Room(#[from] JoinError),
    /// The browser lacks what every browser has.
    #[error("this browser gives the page no random numbers, and without them anybody could pose as you")]
    Browser(JsValue),
}

/// The Chat tab's state. Copies are the same session.
#[derive(Clone, Copy)]
pub struct ChatSession {
    /// The liveness badge.
    pub badge: RwSignal<Badge>,
    /// The line in detail.
    pub line: RwSignal<Shown>,
    /// How many messages wait to be accepted.
    pub waiting: RwSignal<usize>,
    /// The name in the form.
    pub name_field: RwSignal<String>,
    /// The room in the form.
    pub room_field: RwSignal<String>,
    /// Why what the form says cannot be.
    pub complaint: RwSignal<String>,
    /// The room we are in or want to be in.
    pub room: RwSignal<Option<String>>,
    /// What was said and what is on its way.
    pub items: RwSignal<Vec<Item>>,
    /// Who is here.
    pub present: RwSignal<Present>,
    /// Whether an older page can be asked for.
    pub has_older: RwSignal<bool>,
    /// The latest words of the chat itself.
    pub note: RwSignal<String>,
    /// What is said now, as bullet comments.
    pub stage: StageSession,
    /// The token that was typed, for the dials to come. It is nowhere but here, and gone with the tab.
    pub token: RwSignal<String>,
    /// What is at this place or before it is not shown.
    cleared: StoredValue<Option<EntryKey>>,
    pulse: StoredValue<Pulse, LocalStorage>,
    inner: StoredValue<Inner, LocalStorage>,
}

struct Inner {
    /// Settles once it is known who this tab is; `None` until somebody asks.
    opening: Option<Promise>,
    opened: Option<Opened>,
    running: Option<Running>,
    redraw: Redraw,
}

struct Running {
    driver: Driver<Chat>,
    policy: Policy,
    /// Whether a fresh token could be had when it was made.
    fresh_tokens: bool,
}

impl ChatSession {
    /// In no room.
    pub fn new() -> Self {
        let store = Store::open();
        let remembered = || store.read(key::ROOM).unwrap_or_else(|| "lobby".to_owned());
        let session = Self {
            badge: RwSignal::new(Badge::idle()),
            line: RwSignal::new(Shown::default()),
            waiting: RwSignal::new(0),
            name_field: RwSignal::new(store.read(key::NAME).unwrap_or_default()),
            room_field: RwSignal::new(linked_room().unwrap_or_else(remembered)),
            complaint: RwSignal::new(String::new()),
            room: RwSignal::new(None),
            items: RwSignal::new(Vec::new()),
            present: RwSignal::new(Present::default()),
            has_older: RwSignal::new(false),
            note: RwSignal::new(String::new()),
            stage: StageSession::new(),
            token: RwSignal::new(String::new()),
            cleared: StoredValue::new(None),
            pulse: StoredValue::new_local(Pulse::default()),
            inner: StoredValue::new_local(Inner {
                opening: None,
                opened: None,
                running: None,
                redraw: Redraw::new(|| {}),
            }),
        };
        session.inner.update_value(|inner| {
            inner.redraw = Redraw::new(move || {
                session.with(|driver| driver.read(|chat| session.draw(chat)));
            });
        });
        session
    }

    /// Enters a room under a name, on the server at `address`. Brings what its user should know about it, if anything.
    ///
    /// # Errors
    /// [`EnterError`]; whoever was in a room stays there.
    pub async fn enter(
        self,
        address: Address,
        policy: Policy,
        name: &str,
        room: &str,
    ) -> Result<Option<String>, EnterError> {
        self.room.set(Some(room.to_owned()));
        self.note.set(String::new());
        let entered = match self.know().await {
            // Whoever has left in the meantime, or closed the tab, does not want to enter any more.
            Ok(()) if self.room.try_get_untracked().flatten().as_deref() != Some(room) => return Ok(None),
            Ok(()) => self.enter_as_known(address, policy, name, room),
            Err(error) => Err(EnterError::Browser(error)),
        };
        if entered.is_err() {
            self.room.try_set(None);
        }
        entered.map(|()| self.warning())
    }

    /// Leaves the room and hangs up.
    pub fn leave(self) {
        let Some(room) = self.room.get_untracked() else { return };
        self.with(|driver| {
            driver.with(|chat, now| {
                chat.leave(now, &room);
                chat.disconnect(now, code::NORMAL, "");
            });
        });
        self.room.set(None);
        self.cleared.set_value(None);
        self.items.set(Vec::new());
        self.present.set(Present::default());
    }

    /// Dials at once.
    pub fn dial_now(self) {
        self.with(|driver| driver.with(Chat::redial));
    }

    /// Says something, which flies over stages in that style.
    ///
    /// # Errors
    /// [`SayError`]; the message is still its writer's.
    pub fn say(self, text: &str, style: Option<Style>) -> Result<(), SayError> {
        let room = self.room.get_untracked().unwrap_or_default();
        self.with(|driver| driver.with(|chat, now| chat.say(now, &room, text, style).map(|_| ())))
            .unwrap_or(Err(SayError::NotInRoom))
    }

    /// Shows what was cleared away, or asks for an older page.
    ///
    /// # Errors
    /// [`HistoryError`] if there is nothing to ask for, or not now.
    pub fn load_older(self) -> Result<(), HistoryError> {
        if self.cleared.get_value().is_some() {
            self.cleared.set_value(None);
            self.with(|driver| driver.read(|chat| self.draw(chat)));
            return Ok(());
        }
        let room = self.room.get_untracked().unwrap_or_default();
        self.with(|driver| driver.with(|chat, now| chat.history(now, &room, PAGE)))
            .unwrap_or(Err(HistoryError::NotInRoom))
    }

    /// Shows nothing of what was said so far, until older messages are asked for.
    pub fn clear(self) {
        let last = self.items.with_untracked(|items| items.iter().rev().find_map(Item::place));
        self.cleared.set_value(last);
        self.with(|driver| driver.read(|chat| self.draw(chat)));
    }

    /// Forgets an own message that came back.
    pub fn dismiss(self, id: u64) {
        let room = self.room.get_untracked().unwrap_or_default();
        self.with(|driver| {
            driver.with(|chat, _| chat.dismiss(&room, id));
            driver.read(|chat| self.draw(chat));
        });
    }

    fn enter_as_known(
        self,
        address: Address,
        policy: Policy,
        name: &str,
        room: &str,
    ) -> Result<(), EnterError> {
        let serves = |it: &Running| it.policy == policy && it.fresh_tokens == TokenSource::is_fresh();
        let is_new = self.inner.with_value(|inner| !inner.running.as_ref().is_some_and(serves));
        if is_new {
            let running = self.drive(address, policy, name)?;
            self.inner.update_value(|inner| inner.running = Some(running));
        }
        let entered = self.with(|driver| {
            driver.with(|chat, now| {
                chat.rename(name)?;
                chat.join(now, room)?;
                chat.connect(now);
                Ok(())
            })
        });
        entered.unwrap_or(Ok(()))
    }

    /// Does something with the driver, unless there is none, or the page is gone that asked for it.
    fn with<R>(self, act: impl FnOnce(&Driver<Chat>) -> R) -> Option<R> {
        self.inner
            .try_with_value(|inner| inner.running.as_ref().map(|running| act(&running.driver)))
            .flatten()
    }

    fn drive(self, address: Address, policy: Policy, name: &str) -> Result<Running, EnterError> {
        let mut line = LineConfig::new(Dialect::V1);
        line.policy = policy.clone();
        let fresh_tokens = TokenSource::is_fresh();
        line.token_source = fresh_tokens;
        let identity = self.identity().map_err(EnterError::Browser)?;
        let config = ChatConfig { line, identity, name: name.to_owned(), token: None };
        let chat = Chat::new(config, identity::seed().map_err(EnterError::Browser)?)?;
        let dialer = Dialer::new(address, vec![PROTOCOL.to_owned()]).with_tokens(self.tokens(&policy));
        let driver = Driver::new(chat, dialer, move |chat, events| self.show(chat, events));
        let driver = driver.map_err(EnterError::Browser)?;
        self.take_up(&driver);
        Ok(Running { driver, policy, fresh_tokens })
    }

    fn show(self, chat: &Chat, events: Vec<Event>) {
        let room = self.room.get_untracked();
        if let Some(words) = events.iter().rev().find_map(|event| chat_notes::words(event, room.as_deref())) {
            self.note.set(words);
        }
        set_if_new(self.badge, self.badge.with_untracked(|before| Badge::of(chat.line(), before)));
        self.show_line(chat, &events);
        if events.iter().any(|event| matches!(event, Event::TokenEnds { .. })) {
            self.renew_token(chat);
        }
        events.iter().for_each(|event| self.go_on_stage(chat, event));
        let is_about_room = events.iter().any(chat_notes::is_about_room);
        if is_about_room && self.inner.with_value(|inner| inner.redraw.is_due()) {
            self.draw(chat);
        }
        self.keep(events);
        if room.is_none() {
            self.rest(chat);
        }
    }

    fn show_line(self, chat: &Chat, events: &[Event]) {
        let lines =
            events.iter().filter_map(|event| if let Event::Line(event) = event { Some(event) } else { None });
        let shown = self.pulse.try_update_value(|pulse| {
            let is_shown = pulse.take(lines, chat.line(), clock::time_of_day);
            is_shown.then(|| pulse.shown(chat.line()))
        });
        if let Some(shown) = shown.flatten() {
            self.line.set(shown);
        }
        set_if_new(self.waiting, chat.unsettled());
    }

    /// What is said now in the room that is shown flies; what one missed, and comes later, does not.
    fn go_on_stage(self, chat: &Chat, event: &Event) {
        let Event::Room { room, what: RoomEvent::Entry { key, newest: true } } = event else { return };
        let shown = self.room.with_untracked(|shown| shown.as_deref() == Some(room));
        let Some(room) = chat.room(room).filter(|room| shown && room.is_caught_up()) else { return };
        if let Some(Entry::Spoken(spoken)) = room.timeline().get(*key) {
            self.stage.offer(spoken);
        }
    }

    fn draw(self, chat: &Chat) {
        let Some(room) = self.room.get_untracked() else { return };
        let mut items = chat_view::items(chat, &room, clock::day);
        if let Some(cleared) = self.cleared.get_value() {
            items.retain(|item| item.place().is_none_or(|place| place > cleared));
        }
        set_if_new(self.items, items);
        set_if_new(self.present, chat_view::present(chat, &room));
        let older = self.cleared.get_value().is_some()
            || chat.room(&room).is_some_and(|room| room.is_in() && !room.timeline().is_from_the_beginning());
        set_if_new(self.has_older, older);
    }
}

impl Default for ChatSession {
    fn default() -> Self {
        Self::new()
    }
}
