//! Lets go of the oldest messages. The broker could do that by itself, but it would leave no marks, and then nobody could tell an
//! ancient repeat from a new message, nor a room's beginning from a hole. So one of the servers does it: marks first, then the
//! messages. If two do it at once, or one dies in between, marks stand for what is there still, which is read over once more.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use heartline_core::room::engine::Unavailable;

use super::broker::{Broker, Stored, Want};
use super::config::NatsKeep;
use super::error::unavailable;
use super::marks::made;

/// How many messages are let go of at once.
const BATCH: usize = 1000;

/// How many marks are written at once.
const AT_ONCE: usize = 32;

impl Broker {
    /// Lets go of what is more than `keep`, except the last message. `now` is the time since 1970. Returns up to where all is gone,
    /// whoever did it.
    pub(super) async fn trim(&self, keep: NatsKeep, now: Duration) -> Result<u64, Unavailable> {
        let (first_kept, messages, bytes) =
            (keep.age, keep.messages.unwrap_or(u64::MAX), keep.bytes.unwrap_or(u64::MAX));
        let oldest = first_kept.map(|age| now.saturating_sub(age).as_nanos());
        let oldest = oldest.and_then(|oldest| i128::try_from(oldest).ok()).unwrap_or(i128::MIN);
        loop {
            let info = self.info().await?;
            let state = &info.state;
            let too_many = state.messages.saturating_sub(messages);
            let too_much = state.bytes.saturating_sub(bytes);
            let too_old = state.first_timestamp.unix_timestamp_nanos() < oldest;
            if state.messages < 2 || (too_many == 0 && too_much == 0 && !too_old) {
                return Ok(state.first_sequence.saturating_sub(1));
            }
            let want = Want::First { messages: BATCH, bytes: usize::MAX };
            let found = self.range(self.names.all(), state.first_sequence, state.last_sequence, want).await?;
            let (mut count, mut size) = (0, 0);
            let goes = |one: &&Stored| {
                let goes = count < too_many || size < too_much || one.at < oldest;
                (count, size) = (count + 1, size + one.size);
                goes
            };
            let gone: Vec<&Stored> = found.messages.iter().take_while(goes).collect();
            let Some(last) = gone.last().map(|last| last.seq) else {
                return Ok(state.first_sequence.saturating_sub(1));
            };
            self.leave_marks(&gone, &made(&info)).await?;
            self.raise(&self.names.meta, self.names.trimmed(), last, &made(&info)).await?;
            let stream = self.stream(&self.names.said).await?;
            stream.purge().sequence(last + 1).await.map_err(unavailable)?;
            if gone.len() < BATCH {
                return Ok(last);
            }
        }
    }

    async fn leave_marks(&self, gone: &[&Stored], made: &str) -> Result<(), Unavailable> {
        let names = &self.names;
        let (mut rooms, mut authors) = (BTreeMap::new(), BTreeMap::new());
        for one in gone {
            let Some(record) = &one.record else { continue };
            rooms.insert(names.room_mark(&record.room), one.seq);
            if let Some(from) = record.from() {
                let highest = authors.entry(names.author_mark(&record.room, from)).or_insert(0);
                *highest = record.id.max(*highest);
            }
        }
        let rooms = rooms.into_iter().map(|(subject, seq)| self.raise(&names.meta, subject, seq, made));
        let authors = authors.into_iter().map(|(subject, id)| self.raise(&names.authors, subject, id, ""));
        stream::iter(rooms).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        stream::iter(authors).buffer_unordered(AT_ONCE).try_collect().await
    }
}
