//! Which of two repeats counts. A broker checks what a message is put in on before it has put in what was on its way: so now and then
//! it takes a message twice that came by two servers. The stream's order is the judge: a message counts if it is the first behind the
//! one of its author that it names.
//!
//! The second one stays where it is, with a mark beside the stream: a broker of 2.9 that deletes the last message of a subject takes
//! the subject to be empty, and would take every older message of its author for a new one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::TryStreamExt as _;
use heartline_core::room::engine::Unavailable;

use super::authors::Key;
use super::broker::Broker;
use super::error::unavailable;
use super::marks::made;
use super::record::Record;
use super::rooms::median;

/// Of how many authors it is known where their last message is. When there are more, those that were silent longest are forgotten.
const KNOWN: usize = 50_000;

/// Where the last message of each author was followed.
#[derive(Debug, Default)]
pub(super) struct Judge(BTreeMap<Key, u64>);

/// Where the stream has a message for the second time, and where it has it for the first.
#[derive(Debug, Default)]
pub(super) struct Repeats(Mutex<BTreeMap<u64, u64>>);

impl Judge {
    /// Whether the message at this place counts. If not, it is among the repeats from now on, at other servers, too.
    ///
    /// # Errors
    /// The broker was asked, and did not answer. Nothing is known of the message.
    pub(super) async fn counts(
        &mut self,
        broker: &Broker,
        seq: u64,
        record: &Record,
    ) -> Result<bool, Unavailable> {
        let Some(from) = record.from() else { return Ok(false) };
        let key = (Arc::from(&*record.room), from);
        // Odd is also one of whom all that was before is trimmed, and each author that is new here: few enough to be asked for.
        let is_odd = self.0.get(&key).is_none_or(|last| *last > record.before);
        if is_odd && let Some(first) = broker.first_of(seq, record).await? {
            tracing::warn!(seq, first, "the broker took a message twice; the first one counts");
            broker.mark_repeat(seq, first).await?;
            return Ok(false);
        }
        self.0.insert(key, seq);
        if self.0.len() > KNOWN {
            let median = median(self.0.values().copied());
            self.0.retain(|_, last| *last > median);
        }
        Ok(true)
    }
}

impl Repeats {
    /// Where the message that is at this place counts: there, unless it is a repeat.
    pub(super) fn place(&self, seq: u64) -> u64 {
        self.known().get(&seq).copied().unwrap_or(seq)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<u64, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Broker {
    /// Looks for what servers have found to be repeats. A stream that has lost its end may have other messages there now.
    pub(super) async fn learn_repeats(&self) -> Result<(), Unavailable> {
        let info = self.info().await?;
        let meta = self.stream(&self.names.meta).await?;
        let mut subjects = meta.info_with_subjects(self.names.repeats()).await.map_err(unavailable)?;
        let mut repeats = BTreeMap::new();
        while let Some((subject, _)) = subjects.try_next().await.map_err(unavailable)? {
            let Some(seq) = subject.rsplit('.').next().and_then(|seq| seq.parse().ok()) else { continue };
            if self.mark(&self.names.meta, subject, &made(&info)).await? == 0 {
                continue;
            }
            let Some(there) = self.at(seq).await? else { continue };
            let Some(record) = Record::decode(&there.payload) else { continue };
            if let Some(first) = self.first_of(seq, &record).await? {
                repeats.insert(seq, first);
            }
        }
        *self.repeats.known() = repeats;
        Ok(())
    }

    async fn mark_repeat(&self, seq: u64, first: u64) -> Result<(), Unavailable> {
        let made = made(&self.info().await?);
        self.raise(&self.names.meta, self.names.repeat(seq), first, &made).await?;
        self.repeats.known().insert(seq, first);
        Ok(())
    }

    /// Where the message is of which the one at `seq` is a repeat; `None`: it is none.
    async fn first_of(&self, seq: u64, record: &Record) -> Result<Option<u64>, Unavailable> {
        let Some(from) = record.from() else { return Ok(None) };
        let first = self.first(self.names.of(&record.room, from), record.before + 1).await?;
        match first {
            Some(first) if first <= seq => Ok((first < seq).then_some(first)),
            Some(_) | None => Err(unavailable("the leader of the stream is behind; it catches up")),
        }
    }
}
