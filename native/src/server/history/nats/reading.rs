//! Pages of a room, read from the broker. The stream has the messages of all rooms; `prev` is found by reading one more.

use std::collections::BTreeMap;

use heartline_core::room::engine::{Entry, Most, Page, Unavailable};

use super::broker::{Broker, Found, Stored, Want};
use super::error::unavailable;

/// By how much a look back widens while it has not found enough.
const WIDER: u64 = 4;

impl Broker {
    /// The highest seq given in a room, also when its messages were trimmed.
    pub(super) async fn head(&self, room: &str) -> Result<u64, Unavailable> {
        match self.last(self.names.room(room)).await? {
            Some(last) => Ok(last.seq),
            None => self.beginning(room).await,
        }
    }

    /// The first messages of a room above `after`. `known` is a seq that the room has reached.
    pub(super) async fn read_after(
        &self,
        room: &str,
        after: u64,
        most: Most,
        known: u64,
    ) -> Result<Page, Unavailable> {
        // The message at `after` is read again: if it is still there, it is the one before the first.
        // It is not as long in the stream as on the wire: what is too much is left out in the end.
        let bytes = most.bytes.saturating_mul(2);
        let want = Want::First { messages: most.messages.max(1).saturating_add(1), bytes };
        let mut found = self.range(self.names.room(room), after, u64::MAX, want).await?;
        let prev = match found.messages.front() {
            Some(first) if first.seq == after => {
                found.messages.pop_front();
                if found.messages.is_empty() && found.more {
                    // It alone was as long as the page.
                    let want = Want::First { messages: most.messages.max(1), bytes };
                    found = self.range(self.names.room(room), after + 1, u64::MAX, want).await?;
                }
                after
            }
            Some(_) if after == 0 => self.beginning(room).await?,
            Some(_) => self.before(room, after).await?,
            None => after,
        };
        if found.messages.len() > most.messages.max(1) {
            found.messages.pop_back();
            found.more = true;
        }
        let mut more = found.more;
        let read = found.messages.back().map_or(after, |last| last.seq);
        if !more && read < known && self.has_more(room, read, known).await? {
            if found.messages.is_empty() {
                return Err(unavailable("the replica that was read is behind; it catches up"));
            }
            more = true;
        }
        let mut entries = self.chain(found, prev);
        let mut bytes = 0;
        let too_long = |entry: &Entry| {
            bytes += entry.encoded.len();
            bytes > most.bytes
        };
        let fitting = entries.iter().position(too_long).unwrap_or(entries.len()).max(1);
        more |= fitting < entries.len();
        entries.truncate(fitting);
        Ok(Page { entries, last: read.max(known), more })
    }

    /// The last messages of a room below `before`.
    pub(super) async fn read_before(
        &self,
        room: &str,
        before: u64,
        most: Most,
        known: u64,
    ) -> Result<Page, Unavailable> {
        let messages = most.messages.max(1);
        let mut found = self.back(room, before, messages.saturating_add(1)).await?;
        let read = found.messages.back().map_or(0, |last| last.seq);
        if read < known && known < before && self.has_more(room, read, known).await? {
            return Err(unavailable("the replica that was read is behind; it catches up"));
        }
        let mut more = found.messages.len() > messages;
        let prev = match more.then(|| found.messages.pop_front()).flatten() {
            Some(one) => one.seq,
            None if found.messages.is_empty() => 0,
            None => self.beginning(room).await?,
        };
        let mut entries = self.chain(found, prev);
        let mut bytes: usize = entries.iter().map(|entry| entry.encoded.len()).sum();
        let mut drop = 0;
        while bytes > most.bytes && drop + 1 < entries.len() {
            bytes -= entries[drop].encoded.len();
            (drop, more) = (drop + 1, true);
        }
        entries.drain(..drop);
        Ok(Page { entries, last: read.max(known), more })
    }

    /// The seq of a room's message before this one.
    async fn before(&self, room: &str, seq: u64) -> Result<u64, Unavailable> {
        match self.back(room, seq, 1).await?.messages.back() {
            Some(one) => Ok(one.seq),
            None => self.beginning(room).await,
        }
    }

    /// The last `want` messages of a room below `before`. Brokers cannot read backwards: so a stretch in front of it is read, and a
    /// wider one if the room has too little there.
    async fn back(&self, room: &str, before: u64, want: usize) -> Result<Found, Unavailable> {
        let state = self.info().await?.state;
        let first = state.first_sequence.max(1);
        let before = before.min(state.last_sequence.saturating_add(1));
        let mut width = u64::try_from(want).unwrap_or(u64::MAX);
        loop {
            let from = before.saturating_sub(width).max(first);
            let found = self.range(self.names.room(room), from, before, Want::Last(want)).await?;
            if found.messages.len() >= want || from <= first {
                return Ok(found);
            }
            width = width.saturating_mul(WIDER);
        }
    }

    /// Whether the leader has something above `seq` in this room, which has reached `known`. A leader that was elected just now may
    /// not have applied all it has: so it is asked first whether its stream goes that far.
    async fn has_more(&self, room: &str, seq: u64, known: u64) -> Result<bool, Unavailable> {
        if self.info().await?.state.last_sequence < known {
            return Err(unavailable("the leader of the stream is behind; it catches up"));
        }
        Ok(self.last(self.names.room(room)).await?.is_some_and(|last| last.seq > seq))
    }

    /// Gives each message the one before it. What was trimmed while it was read is left out, and so is the second of two repeats, by
    /// its [mark](super::judge) or because the first is here, too.
    fn chain(&self, found: Found, mut prev: u64) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(found.messages.len());
        let mut lasts = BTreeMap::new();
        for Stored { seq, record, .. } in found.messages {
            let Some(record) = record.filter(|_| seq > prev && self.repeats.place(seq) == seq) else {
                continue;
            };
            let Some(from) = record.from() else { continue };
            if lasts.insert(from, seq).is_some_and(|last| last > record.before) {
                continue;
            }
            if let Some(entry) = record.entry(seq, prev) {
                prev = seq;
                entries.push(entry);
            }
        }
        entries
    }
}
