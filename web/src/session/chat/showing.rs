//! What a session shows of its chat: the badge, the line, and the room as a timeline or as a stage.

use heartline_core::{
    chat::{Chat, Entry, Event, HistoryError, Room, RoomEvent, Spoken},
    line::Machine as _,
};
use leptos::prelude::*;

use super::ChatSession;
use crate::{
    clock,
    model::{
        badge::Badge,
        chat_notes,
        chat_view::{self, Item},
        mention::mentions,
        reading::Read,
    },
    notify,
    page::link_room,
    session::set_if_new,
};

/// How many older messages one press of the button asks for.
const PAGE: u32 = 50;

impl ChatSession {
    /// Shows what was cleared away, or asks for an older page.
    ///
    /// # Errors
    /// [`HistoryError`] if there is nothing to ask for, or not now.
    pub fn load_older(self) -> Result<(), HistoryError> {
        if self.of_shown(|read| read.cleared.take()).flatten().is_some() {
            self.with(|driver| driver.read(|chat| self.draw(chat)));
            return Ok(());
        }
        let room = self.room.get_untracked().unwrap_or_default();
        self.with(|driver| driver.with(|chat, now| chat.history(now, &room, PAGE)))
            .unwrap_or(Err(HistoryError::NotInRoom))
    }

    /// Shows nothing of what was said so far, until older messages are asked for.
    pub fn clear(self) {
        // Where nothing is shown any more, nothing is to be cleared away.
        let last = self.items.with_untracked(|items| items.iter().rev().find_map(Item::place));
        if last.is_some() {
            self.of_shown(|read| read.cleared = last);
        }
        self.with(|driver| driver.read(|chat| self.draw(chat)));
    }

    /// Shows another room that is open.
    pub fn go_to(self, room: &str) {
        if self.reading.with_value(|reading| reading.has(room)) {
            self.room.set(Some(room.to_owned()));
            self.turn();
        }
    }

    /// Somebody looks at the room that is shown now, and did not before; or nobody does any more.
    pub fn look(self, looked_at: bool) {
        set_if_new(self.looked_at, looked_at);
        if looked_at {
            self.turn();
        }
    }

    /// Shows the room that is shown anew, to somebody who comes to it.
    pub(super) fn turn(self) {
        let Some(room) = self.room.try_get_untracked().flatten() else { return };
        set_if_new(self.room_field, room.clone());
        link_room(&room);
        self.with(|driver| {
            driver.read(|chat| {
                self.of_shown(|read| read.turn_to(chat));
                self.draw(chat);
            });
        });
    }

    /// Does something with what is known of the room that is shown.
    pub(super) fn of_shown<R>(self, act: impl FnOnce(&mut Read) -> R) -> Option<R> {
        let room = self.room.try_get_untracked().flatten()?;
        self.reading.try_update_value(|reading| reading.of(&room).map(act)).flatten()
    }

    /// Forgets an own message that came back.
    pub fn dismiss(self, id: u64) {
        let room = self.room.get_untracked().unwrap_or_default();
        self.with(|driver| {
            driver.with(|chat, _| chat.dismiss(&room, id));
            driver.read(|chat| self.draw(chat));
        });
    }

    /// Takes what the machine has to tell.
    pub(super) fn show(self, chat: &Chat, events: Vec<Event>) {
        let room = self.room.get_untracked();
        if let Some(words) = events.iter().rev().find_map(|event| chat_notes::words(event, room.as_deref())) {
            self.note.set(words);
        }
        set_if_new(self.badge, self.badge.with_untracked(|before| Badge::of(chat.line(), before)));
        self.show_line(chat, &events);
        if events.iter().any(|event| matches!(event, Event::TokenEnds { .. })) {
            self.renew_token(chat);
        }
        for event in &events {
            if let Event::Room { room, what: RoomEvent::Entry { key, newest: true } } = event
                && let Some(Entry::Spoken(spoken)) =
                    chat.timeline(room).and_then(|timeline| timeline.get(*key))
            {
                self.go_on_stage(chat, room, spoken);
                self.notify(chat, room, spoken);
            }
        }
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
            let is_shown = pulse.take(lines, clock::time_of_day);
            is_shown.then(|| pulse.shown(chat.line()))
        });
        if let Some(shown) = shown.flatten() {
            self.line.set(shown);
        }
        set_if_new(self.waiting, chat.unsettled());
    }

    /// What is said now in the room that is shown flies; what one missed, and comes later, does not.
    fn go_on_stage(self, chat: &Chat, room: &str, spoken: &Spoken) {
        let is_shown = self.room.with_untracked(|shown| shown.as_deref() == Some(room));
        if is_shown && chat.room(room).is_some_and(Room::is_caught_up) {
            self.stage.offer(spoken);
        }
    }

    /// Tells somebody by the system that they are named, if they want that and do not look.
    fn notify(self, chat: &Chat, room: &str, spoken: &Spoken) {
        let is_wanted = self.notify.get_untracked() && document().hidden();
        if is_wanted && !spoken.own && mentions(&spoken.text, chat.name()) {
            notify::show(&[&spoken.name, " · ", room].concat(), &spoken.text, room);
        }
    }

    pub(super) fn draw(self, chat: &Chat) {
        let Some(room) = self.room.get_untracked() else { return };
        let is_seen = self.looked_at.get_untracked();
        let drawn = self.of_shown(|read| {
            if is_seen {
                read.look(chat);
            }
            (chat_view::items(chat, read, clock::day), read.cleared.is_some())
        });
        let Some((items, is_cleared)) = drawn else { return };
        set_if_new(self.items, items);
        set_if_new(self.present, chat_view::present(chat, &room));
        let older = is_cleared
            || chat.room(&room).is_some_and(|room| room.is_in() && !room.timeline().is_from_the_beginning());
        set_if_new(self.has_older, older);
        set_if_new(self.rooms, self.reading.with_value(|reading| reading.rooms(chat)));
    }
}
