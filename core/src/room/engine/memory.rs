use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::log::Log;
use super::{Appended, Draft, Engine, Head, Most, Page, Refusal, Unavailable};

/// How much history is kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryConfig {
    /// How many rooms. Default 1,024; when they are used up, the one nobody was in for longest is forgotten.
    pub rooms: usize,
    /// How many messages of a room. Default 10,000.
    pub messages_per_room: usize,
    /// How many bytes of a room. Default 4 MiB.
    pub bytes_per_room: usize,
    /// How many bytes of all rooms together. Default 256 MiB; beyond it the largest room is trimmed.
    pub bytes: usize,
    /// For how many authors (counted in each room they spoke in) the highest id is kept. Default 100,000.
    pub authors: usize,
    /// How long it is kept at least, in seconds: as long as `limits.outbox_age_s`, for no outbox sends anything older.
    pub author_age_s: u32,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self {
            rooms: 1024,
            messages_per_room: 10_000,
            bytes_per_room: 4 << 20,
            bytes: 256 << 20,
            authors: 100_000,
            author_age_s: crate::wire::Limits::default().outbox_age_s,
        }
    }
}

/// History in memory: gone with the process, and every bound of it fixed. What must not be forgotten is refused instead.
#[derive(Debug)]
pub struct Memory {
    config: MemoryConfig,
    /// Epochs of rooms that were forgotten and made again must differ.
    epochs: fastrand::Rng,
    rooms: BTreeMap<Arc<str>, Room>,
    bytes: usize,
    authors: usize,
    opened: u64,
    /// When all rooms were last searched for authors to forget, in milliseconds since 1970.
    swept: u64,
}

#[derive(Debug)]
struct Room {
    log: Log,
    followed: bool,
    /// Counts openings and closings: the lower, the longer nobody was here.
    used: u64,
}

/// Searching all rooms for authors to forget takes long; not more often than this, in milliseconds.
const SWEEP_EVERY: u64 = 60_000;

impl Memory {
    /// An empty history. The seed must be another at every start: epochs come from it.
    pub fn new(config: MemoryConfig, seed: u64) -> Self {
        Self {
            config,
            epochs: fastrand::Rng::with_seed(seed),
            rooms: BTreeMap::new(),
            bytes: 0,
            authors: 0,
            opened: 0,
            swept: 0,
        }
    }

    /// How many bytes all messages take, about.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many rooms there are.
    pub fn rooms(&self) -> usize {
        self.rooms.len()
    }

    fn room(&mut self, room: &str) -> Result<&mut Log, Unavailable> {
        if !self.rooms.contains_key(room) {
            self.make_place()?;
            let epoch = BASE64_URL_SAFE_NO_PAD.encode(self.epochs.u64(..).to_be_bytes());
            let log = Log::new(epoch.into());
            self.rooms.insert(room.into(), Room { log, followed: false, used: self.opened });
        }
        let room = self.rooms.get_mut(room).expect("it was just put there if it was not");
        Ok(&mut room.log)
    }

    /// For one more room.
    fn make_place(&mut self) -> Result<(), Unavailable> {
        if self.rooms.len() < self.config.rooms {
            return Ok(());
        }
        let idle = self.rooms.iter().filter(|(_, room)| !room.followed).min_by_key(|(_, room)| room.used);
        let Some(name) = idle.map(|(name, _)| name.clone()) else {
            return Err(Unavailable(format!("all {} rooms are in use", self.config.rooms)));
        };
        if let Some(room) = self.rooms.remove(&name) {
            self.bytes -= room.log.bytes();
            self.authors -= room.log.authors();
        }
        Ok(())
    }

    /// For one more author.
    fn make_place_for_author(&mut self, at: u64) -> Result<(), Unavailable> {
        if self.authors < self.config.authors {
            return Ok(());
        }
        if at.abs_diff(self.swept) >= SWEEP_EVERY {
            self.swept = at;
            let since = at.saturating_sub(u64::from(self.config.author_age_s) * 1000);
            let forgotten: usize = self.rooms.values_mut().map(|room| room.log.forget_authors(since)).sum();
            self.authors -= forgotten;
        }
        if self.authors < self.config.authors {
            return Ok(());
        }
        Err(Unavailable(format!("{} authors are known already", self.config.authors)))
    }

    fn trim(&mut self, room: &str) {
        let MemoryConfig { messages_per_room, bytes_per_room, bytes, .. } = self.config;
        if let Some(Room { log, .. }) = self.rooms.get_mut(room) {
            let before = log.bytes();
            while (log.messages() > messages_per_room || log.bytes() > bytes_per_room) && log.trim_one() {}
            self.bytes -= before - log.bytes();
        }
        while self.bytes > bytes {
            let Some(largest) = self.rooms.values_mut().max_by_key(|room| room.log.bytes()) else { return };
            let log = &mut largest.log;
            let before = log.bytes();
            // A little more than needed, so that the search for the largest is rare.
            let enough = before - before / 16;
            while log.bytes() > enough && log.trim_one() {}
            if log.bytes() == before {
                return;
            }
            self.bytes -= before - log.bytes();
        }
    }
}

impl Engine for Memory {
    fn open(&mut self, name: &str) -> Result<Head, Unavailable> {
        self.opened += 1;
        let head = self.room(name)?.head();
        if let Some(room) = self.rooms.get_mut(name) {
            (room.followed, room.used) = (true, self.opened);
        }
        Ok(head)
    }

    fn close(&mut self, name: &str) {
        self.opened += 1;
        if let Some(room) = self.rooms.get_mut(name) {
            (room.followed, room.used) = (false, self.opened);
        }
    }

    fn append(&mut self, room: &str, draft: Draft) -> Result<Appended, Refusal> {
        let known = self.room(room)?.knows(draft.from);
        if !known {
            self.make_place_for_author(draft.at)?;
        }
        let log = self.room(room)?;
        let before = log.bytes();
        let appended = log.append(room, draft)?;
        let grown = log.bytes() - before;
        self.bytes += grown;
        if !known {
            self.authors += 1;
        }
        self.trim(room);
        Ok(appended)
    }

    fn read_after(&mut self, room: &str, after: u64, most: Most) -> Result<Page, Unavailable> {
        Ok(self.room(room)?.read_after(after, most))
    }

    fn read_before(&mut self, room: &str, before: u64, most: Most) -> Result<Page, Unavailable> {
        Ok(self.room(room)?.read_before(before, most))
    }
}
