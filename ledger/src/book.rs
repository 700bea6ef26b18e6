//! One epoch of one room.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::{Rule, Sighting};

#[derive(Debug, Default)]
pub(crate) struct Book {
    /// What stands where, told by anybody.
    pub(crate) places: BTreeMap<u64, Message>,
    /// Where somebody was told of another message than somebody else, and of which two.
    pub(crate) conflicts: Vec<(u64, String)>,
    /// The seqs that writers were told.
    pub(crate) accepted: BTreeSet<u64>,
    /// What the history may lack.
    pub(crate) lacks: Vec<RangeInclusive<u64>>,
    /// What the history has, if somebody looked.
    pub(crate) kept: Option<BTreeSet<u64>>,
    /// What each member saw.
    pub(crate) views: BTreeMap<String, View>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) from: Arc<str>,
    pub(crate) id: u64,
    pub(crate) text: Arc<str>,
}

/// One member's view of one epoch of one room.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// What was seen, with the seq before it.
    pub(crate) seen: BTreeMap<u64, u64>,
    pub(crate) gaps: BTreeSet<(u64, Option<u64>)>,
    /// It begins at the beginning of the epoch.
    pub(crate) whole: bool,
    /// It goes to the end.
    pub(crate) caught_up: bool,
}

impl Book {
    pub(crate) fn view(&mut self, member: &str) -> &mut View {
        if !self.views.contains_key(member) {
            self.views.insert(member.to_owned(), View::default());
        }
        self.views.get_mut(member).expect("it was just put there if it was not")
    }

    /// Notes what stands at a seq.
    pub(crate) fn place(&mut self, seq: u64, message: Message) {
        let Some(known) = self.places.get(&seq) else {
            self.places.insert(seq, message);
            return;
        };
        if *known != message {
            self.conflicts.push((seq, format!("{known} and {message} both stand at {seq}")));
        }
    }

    /// Forgets whatever was said above `kept`.
    pub(crate) fn forget_above(&mut self, kept: u64) {
        self.places.split_off(&(kept + 1));
        self.accepted.split_off(&(kept + 1));
        self.conflicts.retain(|(seq, _)| *seq <= kept);
        for view in self.views.values_mut() {
            view.seen.split_off(&(kept + 1));
            view.gaps.retain(|(after, _)| *after < kept);
            view.caught_up = false;
        }
    }

    pub(crate) fn may_lack(&self, seq: u64) -> bool {
        self.lacks.iter().any(|lack| lack.contains(&seq))
    }

    /// Whether the history may lack anything strictly between these.
    pub(crate) fn may_lack_between(&self, after: u64, next: u64) -> bool {
        self.lacks.iter().any(|lack| *lack.end() > after && *lack.start() < next)
    }
}

impl View {
    pub(crate) fn see(&mut self, sighting: Sighting<'_>) -> Option<(Rule, String)> {
        let Sighting { seq, prev, newest, .. } = sighting;
        let highest = self.seen.last_key_value().map_or(0, |(seq, _)| *seq);
        if self.seen.insert(seq, prev).is_some() {
            return Some((Rule::Twice, format!("saw {seq} twice")));
        }
        let late = newest && seq < highest;
        late.then(|| (Rule::Order, format!("saw {seq} after {highest}")))
    }

    /// The first place behind a gap; `None`: nothing was seen behind it yet.
    pub(crate) fn end_of(&self, after: u64, next: Option<u64>) -> Option<u64> {
        let seen = || self.seen.range(after + 1..).next().map(|(seq, _)| *seq);
        next.or_else(seen)
    }

    /// Whether a gap was told that covers this place. One that nothing was seen behind covers what the history lacks, and no more.
    pub(crate) fn gap_over(&self, seq: u64, lacking: bool) -> bool {
        let covers = |&(after, next): &(u64, Option<u64>)| {
            after < seq && self.end_of(after, next).map_or(lacking, |end| seq < end)
        };
        self.gaps.iter().any(covers)
    }

    /// Whether a gap was told anywhere between these.
    pub(crate) fn gap_between(&self, after: u64, next: u64) -> bool {
        self.gaps.iter().any(|&(from, to)| from < next && self.end_of(from, to).is_none_or(|end| end > after))
    }
}

impl std::fmt::Display for Message {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{}/{} ({:.40})", self.from, self.id, self.text)
    }
}
