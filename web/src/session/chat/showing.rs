//! What a session shows of its chat: the badge, the line, and the room as a timeline or as a stage.

use heartline_core::{
    chat::{Chat, Entry, Event, HistoryError, RoomEvent},
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
    },
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
        // Where nothing is shown any more, nothing is to be cleared away.
        let last = self.items.with_untracked(|items| items.iter().rev().find_map(Item::place));
        if let Some(last) = last {
            self.cleared.set_value(Some(last));
        }
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
            let is_shown = pulse.take(lines, clock::time_of_day);
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

    pub(super) fn draw(self, chat: &Chat) {
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
