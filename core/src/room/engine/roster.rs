use std::sync::Arc;

use crate::room::Identity;

/// One of several servers that share a history. Another each time it is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerId(pub u64);

/// Who is in a room at one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// All of them; in a large room a few. In the order of identities, none twice.
    pub members: Vec<(Identity, Arc<str>)>,
    /// How many there are, at least as many as are named.
    pub total: u64,
}

impl Roster {
    /// Whether somebody is named.
    pub fn names(&self, identity: Identity) -> bool {
        self.members.binary_search_by_key(&identity, |(named, _)| *named).is_ok()
    }

    /// How many are not named.
    pub fn unnamed(&self) -> u64 {
        self.total.saturating_sub(self.members.len() as u64)
    }
}
