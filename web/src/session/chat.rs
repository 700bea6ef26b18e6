//! A chat line: its driver, and what the Chat tab shows of it.

mod entering;
mod keeping;
mod showing;
mod tokens;

use heartline_core::{
    chat::{Chat, ChatConfig, JoinError, SayError},
    close::{Dialect, code},
    line::LineConfig,
    policy::Policy,
    wire::{NameFault, PROTOCOL, Style},
};
use js_sys::Promise;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{redraw::Redraw, stage::StageSession};
use crate::{
    dialer::Dialer,
    driver::Driver,
    harm::{Hand, Harm},
    identity,
    keep::Opened,
    model::{
        address::Address,
        badge::Badge,
        chat_view::{Item, Present},
        pulse::{Pulse, Shown},
        reading::{OpenRoom, Reading},
    },
    notify,
    page::linked_room,
    storage::{Store, key},
    token::TokenSource,
};

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
    /// The room that is shown, if we are in one or want to be.
    pub room: RwSignal<Option<String>>,
    /// All rooms we are in or want to be in.
    pub rooms: RwSignal<Vec<OpenRoom>>,
    /// Whether somebody looks at the room that is shown.
    pub looked_at: RwSignal<bool>,
    /// What was said and what is on its way.
    pub items: RwSignal<Vec<Item>>,
    /// Who is here.
    pub present: RwSignal<Present>,
    /// Whether an older page can be asked for.
    pub has_older: RwSignal<bool>,
    /// Whether to be told by the system when one is named and nobody looks.
    pub notify: RwSignal<bool>,
    /// The latest words of the chat itself.
    pub note: RwSignal<String>,
    /// What is said now, as bullet comments.
    pub stage: StageSession,
    /// The token that was typed, for the dials to come. It is nowhere but here, and gone with the tab.
    pub token: RwSignal<String>,
    reading: StoredValue<Reading>,
    pulse: StoredValue<Pulse, LocalStorage>,
    inner: StoredValue<Inner, LocalStorage>,
}

struct Inner {
    /// Settles once it is known who this tab is; `None` until somebody asks.
    opening: Option<Promise>,
    opened: Option<Opened>,
    running: Option<Running>,
    hand: Hand,
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
            rooms: RwSignal::new(Vec::new()),
            looked_at: RwSignal::new(true),
            items: RwSignal::new(Vec::new()),
            present: RwSignal::new(Present::default()),
            has_older: RwSignal::new(false),
            notify: RwSignal::new(store.read(key::NOTIFY).as_deref() == Some("yes") && notify::is_allowed()),
            note: RwSignal::new(String::new()),
            stage: StageSession::new(),
            token: RwSignal::new(String::new()),
            reading: StoredValue::new(Reading::default()),
            pulse: StoredValue::new_local(Pulse::default()),
            inner: StoredValue::new_local(Inner {
                opening: None,
                opened: None,
                running: None,
                hand: Hand::default(),
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

    /// Enters a room under a name, on the server at `address`, and shows it. Brings what its user should know about it, if anything.
    ///
    /// # Errors
    /// [`EnterError`]; the rooms that were open stay so.
    pub async fn enter(
        self,
        address: Address,
        policy: Policy,
        name: &str,
        room: &str,
    ) -> Result<Option<String>, EnterError> {
        let before = self.room.get_untracked();
        self.room.set(Some(room.to_owned()));
        self.note.set(String::new());
        let entered = match self.know().await {
            // Whoever has left in the meantime, or closed the tab, does not want to enter any more.
            Ok(()) if self.room.try_get_untracked().flatten().as_deref() != Some(room) => return Ok(None),
            Ok(()) => self.enter_as_known(address, policy, name, room),
            Err(error) => Err(EnterError::Browser(error)),
        };
        match &entered {
            Ok(()) => self.turn(),
            Err(_) => {
                self.room.try_set(before);
            }
        }
        entered.map(|()| self.warning())
    }

    /// Leaves the room that is shown, and hangs up if it was the last.
    pub fn leave(self) {
        let Some(room) = self.room.get_untracked() else { return };
        let beside = self.reading.try_update_value(|reading| reading.leave(&room)).flatten();
        if beside.is_none() {
            return self.leave_these(&[room]);
        }
        self.with(|driver| driver.with(|chat, now| chat.leave(now, &room)));
        self.room.set(beside);
        self.turn();
    }

    /// Leaves all rooms and hangs up.
    pub fn leave_all(self) {
        let rooms = self.reading.try_update_value(Reading::leave_all).unwrap_or_default();
        self.leave_these(&rooms);
    }

    fn leave_these(self, rooms: &[String]) {
        self.with(|driver| {
            driver.with(|chat, now| {
                for room in rooms {
                    chat.leave(now, room);
                }
                chat.disconnect(now, code::NORMAL, "");
            });
        });
        self.room.set(None);
        self.rooms.set(Vec::new());
        self.items.set(Vec::new());
        self.present.set(Present::default());
    }

    /// Dials at once.
    pub fn dial_now(self) {
        self.with(|driver| driver.with(Chat::redial));
    }

    /// Breaks the line on purpose.
    pub fn harm(self, harm: Harm) {
        self.inner.with_value(|inner| inner.hand.harm(harm));
    }

    /// Says something, which flies over stages in that style.
    ///
    /// # Errors
    /// [`SayError`]; the message is still its writer's.
    pub fn say(self, text: &str, style: Option<Style>) -> Result<(), SayError> {
        let room = self.room.get_untracked().unwrap_or_default();
        // Whoever speaks has read what was said.
        self.of_shown(|read| read.first_new = None);
        self.with(|driver| driver.with(|chat, now| chat.say(now, &room, text, style).map(|_| ())))
            .unwrap_or(Err(SayError::NotInRoom))
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
        // Other numbers are in force from the next line on; the rooms that are open share this one.
        if is_new && self.rooms.with_untracked(Vec::is_empty) {
            let running = self.drive(address, policy, name)?;
            self.inner.update_value(|inner| inner.running = Some(running));
        }
        let entered: Option<Result<(), EnterError>> = self.with(|driver| {
            driver.with(|chat, now| {
                chat.rename(name)?;
                chat.join(now, room)?;
                chat.connect(now);
                Ok(())
            })
        });
        entered.transpose()?;
        self.reading.update_value(|reading| reading.enter(room));
        Ok(())
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
        let hand = self.inner.with_value(|inner| inner.hand.clone());
        let driver = Driver::new(chat, hand.over(dialer), move |chat, events| self.show(chat, events));
        let driver = driver.map_err(EnterError::Browser)?;
        self.take_up(&driver);
        Ok(Running { driver, policy, fresh_tokens })
    }
}

impl Default for ChatSession {
    fn default() -> Self {
        Self::new()
    }
}
