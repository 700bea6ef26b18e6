//! What servers took down as seen, beside the stream: so that a lost end is known for one also by those who never saw it.
//!
//! Each server has a note of its own, of the last message it knows of, and accepts and tells nothing above its note. Whatever is lost
//! of a stream is lost from some place to its end: so where the message of a note is, all that its server accepted and told is, too.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use futures_util::TryStreamExt as _;
use heartline_core::room::engine::Unavailable;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::authors::Key;
use super::broker::Broker;
use super::error::unavailable;
use super::record::Record;

/// How old a note is, against the newest, before it is thrown away: by then all servers that live have found what it tells of.
const SPENT: Duration = Duration::from_secs(60);

/// Which message is where.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Note {
    /// What `seq` counts in.
    epoch: String,
    pub(super) seq: u64,
    room: String,
    from: String,
    id: u64,
}

/// A note as it lies beside the stream.
struct Lying {
    note: Note,
    /// Its own place.
    at: u64,
    since: OffsetDateTime,
}

impl Note {
    pub(super) fn new(epoch: &str, seq: u64, (room, from): &Key, id: u64) -> Self {
        Self { epoch: epoch.to_owned(), seq, room: room.to_string(), from: from.to_string(), id }
    }

    /// Of a message that was followed; `None`: it is not ours.
    pub(super) fn of(epoch: &str, seq: u64, record: &Record) -> Option<Self> {
        let key = (Arc::from(&*record.room), record.from()?);
        Some(Self::new(epoch, seq, &key, record.id))
    }

    /// Whether this is the message it tells of.
    fn is_of(&self, record: &Record) -> bool {
        let from = record.from().map(|from| from.to_string());
        record.room == self.room && record.id == self.id && from.as_ref() == Some(&self.from)
    }
}

impl Broker {
    /// Takes a note down, in the place of the one that this server had.
    pub(super) async fn note(&self, server: &str, note: &Note) -> Result<(), Unavailable> {
        let payload = serde_json::to_vec(note).expect("strings and numbers can be written as JSON");
        let taken = async { self.context.publish(self.names.note(server), payload.into()).await?.await };
        taken.await.map(drop).map_err(unavailable)
    }

    /// Whether a message that some server noted in this epoch is not where it was. What was trimmed is.
    pub(super) async fn lacks_noted(&self, epoch: &str) -> Result<bool, Unavailable> {
        let notes = self.notes().await?;
        let last = self.info().await?.state.last_sequence;
        for Lying { note, .. } in notes.iter().filter(|lying| lying.note.epoch == epoch) {
            let there = self.at(note.seq).await?;
            let is_another = |there: StreamMessage| {
                Record::decode(&there.payload).is_none_or(|record| !note.is_of(&record))
            };
            if note.seq > last || there.is_some_and(is_another) {
                return Ok(true);
            }
        }
        let meta = self.stream(&self.names.meta).await?;
        for at in spent(epoch, &notes) {
            // Another server may have thrown it away already.
            let _ = meta.delete_message(at).await;
        }
        Ok(false)
    }

    async fn notes(&self) -> Result<Vec<Lying>, Unavailable> {
        let meta = self.stream(&self.names.meta).await?;
        let mut subjects = meta.info_with_subjects(self.names.notes()).await.map_err(unavailable)?;
        let mut notes = Vec::new();
        while let Some((subject, _)) = subjects.try_next().await.map_err(unavailable)? {
            let Some(message) = self.last_in(&self.names.meta, subject).await? else { continue };
            let note = serde_json::from_slice(&message.payload)
                .map_err(|error| unavailable(format!("{} is not ours: {error}", message.subject)))?;
            notes.push(Lying { note, at: message.sequence, since: message.time });
        }
        Ok(notes)
    }
}

/// Where the notes lie that servers which are gone left behind. The highest stands for all below it.
fn spent(epoch: &str, notes: &[Lying]) -> Vec<u64> {
    let newest = notes.iter().map(|lying| lying.since).max();
    let now = notes.iter().filter(|lying| lying.note.epoch == epoch);
    let highest = now.max_by_key(|lying| lying.note.seq).map(|lying| lying.at);
    let is_spent = |lying: &&Lying| {
        newest.is_some_and(|newest| newest - lying.since > SPENT) && Some(lying.at) != highest
    };
    notes.iter().filter(is_spent).map(|lying| lying.at).collect()
}

#[cfg(test)]
mod tests {
    use heartline_core::room::Identity;
    use heartline_core::room::engine::Draft;

    use super::*;

    #[test]
    fn a_note_is_of_one_message_and_of_no_other() {
        let from = Identity::of("secret", None);
        let record = |room: &str, from, id| {
            Record::new(
                room,
                Draft { from, name: "Ada".into(), id, at: 1, text: "hello".into(), style: None },
                0,
            )
        };
        let note = Note::of("e", 5, &record("tea", from, 7)).unwrap();
        assert_eq!(note, Note::new("e", 5, &("tea".into(), from), 7));
        assert!(note.is_of(&record("tea", from, 7)));
        assert!(!note.is_of(&record("coffee", from, 7)));
        assert!(!note.is_of(&record("tea", from, 8)));
        assert!(!note.is_of(&record("tea", Identity::of("other", None), 7)));
    }

    #[test]
    fn old_notes_are_spent_but_for_the_highest() {
        let key = ("tea".into(), Identity::of("secret", None));
        let lying = |at, epoch, seq, second| Lying {
            note: Note::new(epoch, seq, &key, 1),
            at,
            since: OffsetDateTime::UNIX_EPOCH + Duration::from_secs(second),
        };
        let notes = [
            lying(1, "before", 99, 0),
            lying(2, "now", 5, 1),
            lying(3, "now", 7, 2),
            lying(4, "now", 6, 40),
            lying(5, "now", 6, 100),
        ];
        assert_eq!(spent("now", &notes), [1, 2]);
        assert!(spent("now", &notes[..1]).is_empty(), "the newest is never");
    }
}
