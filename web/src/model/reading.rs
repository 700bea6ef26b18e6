//! What was read of each room that is open: how much is new, where it begins, and what was cleared away.

use heartline_core::chat::{Chat, Entry, EntryKey, Spoken};

use super::mention::mentions;

/// The rooms that are open, in the order in which they were entered.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    rooms: Vec<Read>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    room: String,
    /// The last that was seen.
    seen: Option<EntryKey>,
    /// The first that was new when its reader came back: a line stands above it.
    pub first_new: Option<EntryKey>,
    /// What is at this place or before it is not shown.
    pub cleared: Option<EntryKey>,
}

/// A room, as a list of rooms shows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OpenRoom {
    /// Its name.
    pub name: String,
    /// How many messages of others nobody looked at.
    pub unread: usize,
    /// Whether one of them names this client.
    pub for_you: bool,
}

impl Reading {
    /// Whether this room is open.
    pub fn has(&self, room: &str) -> bool {
        self.rooms.iter().any(|read| read.room == room)
    }

    /// A room was entered.
    pub fn enter(&mut self, room: &str) {
        if !self.has(room) {
            self.rooms.push(Read { room: room.to_owned(), seen: None, first_new: None, cleared: None });
        }
    }

    /// A room was left. The one beside it, if another is open.
    pub fn leave(&mut self, room: &str) -> Option<String> {
        let at = self.rooms.iter().position(|read| read.room == room).unwrap_or_default();
        self.rooms.retain(|read| read.room != room);
        self.rooms.get(at).or_else(|| self.rooms.last()).map(|read| read.room.clone())
    }

    /// All rooms are left.
    pub fn leave_all(&mut self) -> Vec<String> {
        std::mem::take(&mut self.rooms).into_iter().map(|read| read.room).collect()
    }

    /// What is known of a room.
    pub fn of(&mut self, room: &str) -> Option<&mut Read> {
        self.rooms.iter_mut().find(|read| read.room == room)
    }

    /// The rooms, with what is new in each.
    pub fn rooms(&self, chat: &Chat) -> Vec<OpenRoom> {
        let open = |read: &Read| OpenRoom {
            name: read.room.clone(),
            unread: read.news(chat).count(),
            for_you: read.news(chat).any(|spoken| mentions(&spoken.text, chat.name())),
        };
        self.rooms.iter().map(open).collect()
    }
}

impl Read {
    /// Its name.
    pub fn room(&self) -> &str {
        &self.room
    }

    /// Its reader has come back.
    pub fn turn_to(&mut self, chat: &Chat) {
        self.first_new = self.news(chat).last().map(Spoken::key);
        self.look(chat);
    }

    /// Its reader sees all there is.
    pub fn look(&mut self, chat: &Chat) {
        let newest = chat.timeline(&self.room).and_then(|timeline| timeline.iter().next_back());
        self.seen = newest.map(Entry::key).or(self.seen);
    }

    /// What others said since, the newest first.
    fn news<'c>(&self, chat: &'c Chat) -> impl Iterator<Item = &'c Spoken> {
        let seen = self.seen;
        let entries = chat.timeline(&self.room).into_iter().flat_map(|timeline| timeline.iter().rev());
        let news = entries.take_while(move |entry| Some(entry.key()) > seen);
        news.filter_map(Entry::spoken).filter(|spoken| !spoken.own)
    }
}
