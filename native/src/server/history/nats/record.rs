//! A message as the broker keeps it: JSON that `nats stream view` can show.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use heartline_core::room::Identity;
use heartline_core::room::engine::{Draft, Entry, Fingerprint};
use heartline_core::wire::Style;
use serde::{Deserialize, Serialize};

use super::authors::Key;

/// Described in `docs/history.md`; fields may be added, none may change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Record {
    pub(super) room: String,
    from: String,
    pub(super) id: u64,
    at: u64,
    name: String,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    style: Option<Style>,
    /// Tells a repeat from another message with the same id.
    fingerprint: String,
    /// The seq of its author's message before it in this room; 0 before the first. The broker vouches for it: it took the message
    /// only because nothing else was there.
    pub(super) before: u64,
}

impl Record {
    pub(super) fn new(room: &str, draft: Draft, before: u64) -> Self {
        let fingerprint = BASE64_URL_SAFE_NO_PAD.encode(draft.fingerprint());
        Self {
            room: room.to_owned(),
            from: draft.from.to_string(),
            id: draft.id,
            at: draft.at,
            name: draft.name.to_string(),
            text: draft.text,
            style: draft.style,
            fingerprint,
            before,
        }
    }

    pub(super) fn encode(&self) -> Bytes {
        serde_json::to_vec(self).expect("strings and numbers can be written as JSON").into()
    }

    /// Reads what lies in the stream. `None`: it was put there by somebody else.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        let record: Self = serde_json::from_slice(payload).ok()?;
        record.from().and(Some(record))
    }

    pub(super) fn from(&self) -> Option<Identity> {
        Identity::parse(&self.from)
    }

    /// Whether it is the message of this author, in this room, with this id.
    pub(super) fn is(&self, (room, from): &Key, id: u64) -> bool {
        *self.room == **room && self.id == id && self.from() == Some(*from)
    }

    pub(super) fn fingerprint(&self) -> Option<Fingerprint> {
        BASE64_URL_SAFE_NO_PAD.decode(&self.fingerprint).ok()?.try_into().ok()
    }

    /// As it goes on the wire. `None`: see [`decode`](Self::decode).
    pub(super) fn entry(self, seq: u64, prev: u64) -> Option<Entry> {
        let Self { room, from, id, at, name, text, style, .. } = self;
        let from = Identity::parse(&from)?;
        Some(Entry::new(&room, seq, prev, Draft { from, name: name.into(), id, at, text, style }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_read_back_whole() {
        let draft = Draft {
            from: Identity::of("secret", None),
            name: "Ada".into(),
            id: 7,
            at: 1,
            text: "弹幕 \"\u{0}".to_owned(),
            style: Some(Style::default()),
        };
        let record = Record::decode(&Record::new("a.b", draft.clone(), 3).encode()).unwrap();
        assert_eq!(record.fingerprint(), Some(draft.fingerprint()));
        assert_eq!(record.before, 3);
        assert_eq!(record.entry(9, 4), Some(Entry::new("a.b", 9, 4, draft)));
    }

    #[test]
    fn what_others_put_there_is_not_read() {
        for foreign in ["", "{}", "hello", r#"{"room":"r","from":"nobody","id":1}"#] {
            assert_eq!(Record::decode(foreign.as_bytes()), None, "{foreign}");
        }
    }
}
