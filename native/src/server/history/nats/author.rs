//! One client in one room: which ids it used, and how its next message gets in.

use std::collections::BTreeMap;

use heartline_core::room::engine::{Draft, Fingerprint, Refusal, Unavailable};

use super::broker::{Broker, Put};
use super::error::unavailable;
use super::record::Record;

/// How many of its messages are known at a time.
const KNOWN: usize = 256;

/// How far back a repeat is looked for. No outbox has more than `in_flight` messages of which it does not know what became.
const FAR: usize = 4096;

/// How often another server may be first with a message of the same client before it is told to try later.
const TRIES: usize = 8;

/// What is known of it. It may be out of date: the broker takes nothing that does not fit.
#[derive(Debug)]
pub(super) struct Author {
    /// Where its last message is; 0 if it has none.
    last: u64,
    /// Its highest id, trimmed or not.
    highest: u64,
    /// Its last messages, by their ids.
    places: BTreeMap<u64, Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    seq: u64,
    fingerprint: Fingerprint,
    /// Where its message before that is; 0 if there is none.
    before: u64,
}

/// Appends a message, and returns what is known of its author then; `None`: it has to be asked for anew. What the stream has up to
/// `above` was seen: a place there would be given a second time. What it had up to `gone` was trimmed.
pub(super) async fn append(
    broker: &Broker,
    room: &str,
    mut known: Option<Author>,
    draft: Draft,
    above: u64,
    gone: u64,
) -> (Result<u64, Refusal>, Option<Author>) {
    let (from, id, fingerprint) = (draft.from, draft.id, draft.fingerprint());
    let subject = broker.names.of(room, from);
    for _ in 0..TRIES {
        let mut author = match known.take() {
            Some(author) => author,
            None => match Author::ask(broker, room, &draft).await {
                Ok(author) => author,
                Err(away) => return (Err(away.into()), None),
            },
        };
        if id <= author.highest {
            return match author.find(broker, id).await.map(|place| place.filter(|place| place.seq > gone)) {
                Ok(Some(place)) if place.fingerprint == fingerprint => (Ok(place.seq), Some(author)),
                Ok(Some(_)) => (Err(Refusal::IdReused), Some(author)),
                Ok(None) => (Err(Refusal::Expired), Some(author)),
                Err(away) => (Err(away.into()), None),
            };
        }
        let record = Record::new(room, draft.clone(), author.last);
        match broker.put(subject.clone(), author.last, record.encode()).await {
            Ok(Put::At(seq)) if seq <= above => {
                return (Err(unavailable("the stream has lost its end").into()), None);
            }
            Ok(Put::At(seq)) => {
                author.put(id, Place { seq, fingerprint, before: author.last });
                author.last = seq;
                return (Ok(seq), Some(author));
            }
            // Another server took a message of this client, perhaps this one; or what we know was trimmed.
            Ok(Put::Moved) => {}
            Err(away) => return (Err(away.into()), None),
        }
    }
    (Err(unavailable("this client speaks through other servers at the same time").into()), None)
}

impl Author {
    async fn ask(broker: &Broker, room: &str, draft: &Draft) -> Result<Self, Unavailable> {
        let last = broker.last(broker.names.of(room, draft.from)).await?;
        let mut author = Self { last: 0, highest: 0, places: BTreeMap::new() };
        match last {
            Some(stored) => {
                author.last = stored.seq;
                if let Some((id, place)) = Place::of(broker.repeats.place(stored.seq), stored.record) {
                    author.put(id, place);
                }
            }
            None => author.highest = broker.trimmed_id(room, draft.from).await?,
        }
        Ok(author)
    }

    fn put(&mut self, id: u64, place: Place) {
        self.highest = self.highest.max(id);
        self.places.insert(id, place);
        if self.places.len() > KNOWN {
            self.places.pop_first();
        }
    }

    /// Where an id is. Each message says where its author's message before it is.
    async fn find(&mut self, broker: &Broker, id: u64) -> Result<Option<Place>, Unavailable> {
        if let Some(place) = self.places.get(&id) {
            return Ok(Some(*place));
        }
        let Some((&lowest, &place)) = self.places.first_key_value() else { return Ok(None) };
        if id > lowest {
            return Ok(None);
        }
        let mut before = place.before;
        for _ in 0..FAR {
            if before == 0 {
                return Ok(None);
            }
            let Some(message) = broker.at(before).await? else { return Ok(None) };
            let seq = broker.repeats.place(before);
            let Some((at, place)) = Place::of(seq, Record::decode(&message.payload)) else {
                return Ok(None);
            };
            if self.places.len() < KNOWN {
                self.places.insert(at, place);
            }
            if at <= id {
                return Ok((at == id).then_some(place));
            }
            before = place.before;
        }
        Ok(None)
    }
}

impl Place {
    fn of(seq: u64, record: Option<Record>) -> Option<(u64, Self)> {
        let record = record?;
        Some((record.id, Self { seq, fingerprint: record.fingerprint()?, before: record.before }))
    }
}
