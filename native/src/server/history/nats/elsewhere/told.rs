//! What servers tell each other, as JSON that `nats sub` can show.

use std::sync::Arc;

use bytes::Bytes;
use heartline_core::room::Identity;
use heartline_core::room::engine::{Roster, ServerId};
use serde::{Deserialize, Serialize};

/// How many members of another server are taken by name; servers name fewer.
const NAMED: usize = 1_000;

/// How long a name may be, in bytes; servers let shorter ones in.
const NAME: usize = 256;

/// Described in `docs/history.md`; fields may be added, none may change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Told {
    /// Who tells it.
    server: String,
    /// How many rosters it has told, this one included.
    pub(super) count: u64,
    /// Of which room it tells who is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) room: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<(String, String)>,
    total: u64,
    /// It wants to hear who is in this room at others.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) asks: bool,
    /// It missed something of somebody's.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) asks_for_all: bool,
    /// It ends.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) gone: bool,
}

impl Told {
    pub(super) fn beat(server: ServerId, count: u64) -> Self {
        Self { server: format!("{:016x}", server.0), count, ..Self::default() }
    }

    pub(super) fn of(server: ServerId, count: u64, room: &str, roster: &Roster) -> Self {
        let members = roster.members.iter().map(|(identity, name)| (identity.to_string(), name.to_string()));
        let (room, total) = (Some(room.to_owned()), roster.total);
        Self { room, members: members.collect(), total, ..Self::beat(server, count) }
    }

    pub(super) fn encode(&self) -> Bytes {
        serde_json::to_vec(self).expect("strings and numbers can be written as JSON").into()
    }

    /// Reads what came. `None`: it is not ours.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok()
    }

    pub(super) fn server(&self) -> Option<ServerId> {
        u64::from_str_radix(&self.server, 16).ok().map(ServerId)
    }

    /// Whoever it names and can be.
    pub(super) fn roster(&self) -> Roster {
        let named = self.members.iter().take(NAMED).filter(|(_, name)| name.len() <= NAME);
        let mut members: Vec<(Identity, Arc<str>)> = named
            .filter_map(|(identity, name)| Some((Identity::parse(identity)?, Arc::from(name.as_str()))))
            .collect();
        members.sort();
        members.dedup_by_key(|(identity, _)| *identity);
        let total = self.total.max(members.len() as u64);
        Roster { members, total }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roster_is_read_back_whole_and_in_order() {
        let mut members: Vec<(Identity, Arc<str>)> =
            ["Ada", "弹幕"].iter().map(|name| (Identity::of(name, None), Arc::from(*name))).collect();
        members.sort();
        let roster = Roster { members, total: 7 };
        let told = Told::of(ServerId(u64::MAX), 3, "a.b", &roster);
        let read = Told::decode(&told.encode()).unwrap();
        assert_eq!(
            (read.server(), read.count, read.room.as_deref()),
            (Some(ServerId(u64::MAX)), 3, Some("a.b"))
        );
        assert_eq!(read.roster(), roster);
        let beat = Told::decode(&Told::beat(ServerId(1), 3).encode()).unwrap();
        assert_eq!((beat.server(), beat.room, beat.total), (Some(ServerId(1)), None, 0));
    }

    #[test]
    fn what_cannot_be_is_left_out() {
        let twice = Identity::of("Ada", None).to_string();
        let told = Told {
            members: vec![
                (twice.clone(), "Ada".into()),
                (twice, "Eve".into()),
                ("nobody".into(), "x".into()),
            ],
            ..Told::default()
        };
        assert_eq!((told.roster().members.len(), told.roster().total), (1, 1));
        assert_eq!(told.server(), None);
        assert_eq!(Told::decode(b"hello"), None);
    }
}
