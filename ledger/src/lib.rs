//! Who promised what, who saw what, and whether the two agree.
//!
//! Tests and `cargo xtask chaos` let clients talk while things break, and write down here what every writer was told and what
//! every member saw. [`Ledger::check`] then says what is wrong:
//!
//! 1. nothing that was accepted is missing,
//! 2. nothing comes twice,
//! 3. the order is the same for all,
//! 4. every writer's messages stand in the writer's order,
//! 5. every hole has its `gap`, and every gap its cause.
//!
//! A [`Witness`] writes down what a [`Chat`](heartline_core::chat::Chat) tells; a [`Talker`] is the two together. The causes of gaps only the harness knows:
//! [`Ledger::may_lack`] and [`Ledger::began_anew`].

mod book;
mod check;
mod finding;
mod talker;
mod witness;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

pub use finding::{Finding, Rule};
pub use talker::Talker;
pub use witness::Witness;

use book::{Book, Message};

/// What was promised and what was seen, in all rooms.
#[derive(Debug, Default)]
pub struct Ledger {
    /// By room and epoch: no seq means anything outside of its epoch.
    books: BTreeMap<(String, String), Book>,
    /// By room, writer and id.
    written: BTreeMap<(String, String, u64), Written>,
    anew: Vec<Anew>,
    /// What was wrong at first sight.
    at_once: Vec<Finding>,
}

/// How much stands in a ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Messages written.
    pub written: usize,
    /// Messages their writers were told are durable.
    pub accepted: usize,
    /// Messages seen, counted for each member.
    pub seen: usize,
    /// Gaps told, counted for each member.
    pub gaps: usize,
    /// Epochs, counted for each room.
    pub epochs: usize,
}

/// A message as a member saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting<'a> {
    /// Its place.
    pub seq: u64,
    /// The place before it.
    pub prev: u64,
    /// Its writer, as others see it.
    pub from: &'a str,
    /// Its writer's number for it.
    pub id: u64,
    /// The words.
    pub text: &'a str,
    /// Whether it came at the end of all that was seen so far; else it belongs to an older page.
    pub newest: bool,
}

#[derive(Debug)]
struct Written {
    text: Arc<str>,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Open,
    Accepted,
    /// It went back to its writer, or its writer was killed: it may have arrived.
    Unknown,
}

/// The history of a room was put back, or lost its end.
#[derive(Debug)]
struct Anew {
    room: String,
    old: String,
    new: String,
    kept: u64,
}

impl Ledger {
    /// A client took a message into its outbox.
    pub fn wrote(&mut self, from: &str, room: &str, id: u64, text: &str) {
        let key = (room.to_owned(), from.to_owned(), id);
        self.written.entry(key).or_insert_with(|| Written { text: text.into(), fate: Fate::Open });
    }

    /// A writer was told that its message is durable.
    pub fn accepted(&mut self, from: &str, room: &str, epoch: &str, id: u64, seq: u64) {
        let Some(written) = self.written.get_mut(&(room.to_owned(), from.to_owned(), id)) else {
            let what = format!("{room}: {from} was told that {id} is accepted, which it never wrote");
            return self.at_once.push(Finding { rule: Rule::Altered, what });
        };
        written.fate = Fate::Accepted;
        let message = Message { from: from.into(), id, text: written.text.clone() };
        let book = self.book(room, epoch);
        book.accepted.insert(seq);
        book.place(seq, message);
    }

    /// A message went back to its writer, or its writer is gone: whether it arrived is not known.
    pub fn gave_up(&mut self, from: &str, room: &str, id: u64) {
        if let Some(written) = self.written.get_mut(&(room.to_owned(), from.to_owned(), id))
            && written.fate == Fate::Open
        {
            written.fate = Fate::Unknown;
        }
    }

    /// A member came into a room. With `whole` it is told everything from the beginning of the epoch on, else from somewhere.
    pub fn entered(&mut self, member: &str, room: &str, epoch: &str, whole: bool) {
        self.book(room, epoch).view(member).whole |= whole;
    }

    /// A member saw a message.
    pub fn seen(&mut self, member: &str, room: &str, epoch: &str, sighting: Sighting<'_>) {
        self.placed(member, room, epoch, sighting);
        if let Some((rule, what)) = self.book(room, epoch).view(member).see(sighting) {
            self.at_once.push(Finding { rule, what: format!("{room} in {epoch}: {member} {what}") });
        }
    }

    /// All that the history has of a room, as somebody found it who looked.
    pub fn kept<'a>(&mut self, room: &str, epoch: &str, history: impl IntoIterator<Item = Sighting<'a>>) {
        self.book(room, epoch).kept = Some(BTreeSet::new());
        for sighting in history {
            self.placed("the history", room, epoch, sighting);
            self.book(room, epoch).kept.get_or_insert_default().insert(sighting.seq);
        }
    }

    /// A member was told that something may be missing.
    pub fn gap(&mut self, member: &str, room: &str, epoch: &str, after: u64, next: Option<u64>) {
        self.book(room, epoch).view(member).gaps.insert((after, next));
    }

    /// A member stands at the end of a room: whatever is known to be in it by now must have reached the member.
    pub fn caught_up(&mut self, member: &str, room: &str, epoch: &str) {
        self.book(room, epoch).view(member).caught_up = true;
    }

    /// The history let go of these, by retention or by a fault that it must survive with a gap.
    pub fn may_lack(&mut self, room: &str, epoch: &str, seqs: RangeInclusive<u64>) {
        self.book(room, epoch).lacks.push(seqs);
    }

    /// The history of a room began a new epoch with what the old one held up to `kept`.
    pub fn began_anew(&mut self, room: &str, old: &str, new: &str, kept: u64) {
        // What was let go of does not come back.
        let lacks = self.book(room, old).lacks.clone();
        let below = |lack: RangeInclusive<u64>| *lack.start()..=kept.min(*lack.end());
        self.book(room, new).lacks.extend(lacks.into_iter().map(below));
        let [room, old, new] = [room, old, new].map(str::to_owned);
        self.anew.push(Anew { room, old, new, kept });
    }

    /// What the history lies on lost the end of it, and it began a new epoch, in which `history` was found. Returns up to where the
    /// two are the same; `None`: nothing is missing that anybody was told of. Whoever was told of a place above that in the old epoch
    /// may have been told what others were not: of that end only one thing can be asked, that the new epoch says that it is gone.
    pub fn lost_end(&mut self, room: &str, old: &str, new: &str, history: &[Sighting<'_>]) -> Option<u64> {
        let book = self.book(room, old);
        let is_there = |seq: u64, message: &Message| {
            history.iter().any(|there| {
                there.seq == seq
                    && *there.from == *message.from
                    && there.id == message.id
                    && *there.text == *message.text
            })
        };
        let differs =
            book.places.iter().find(|(seq, message)| !is_there(**seq, message)).map(|(seq, _)| *seq);
        let conflicts = book.conflicts.iter().map(|(seq, _)| *seq);
        let kept = differs.into_iter().chain(conflicts).min().map(|first| first - 1);
        let all = u64::MAX - 1;
        book.forget_above(kept.unwrap_or(all));
        self.began_anew(room, old, new, kept.unwrap_or(all));
        kept
    }

    /// The epochs of a room that anybody was told of, in no order.
    pub fn epochs(&self, room: &str) -> impl Iterator<Item = &str> {
        self.books.keys().filter(move |(of, _)| of == room).map(|(_, epoch)| epoch.as_str())
    }

    /// How much stands in here.
    pub fn totals(&self) -> Totals {
        let views = || self.books.values().flat_map(|book| book.views.values());
        Totals {
            written: self.written.len(),
            accepted: self.written.values().filter(|written| written.fate == Fate::Accepted).count(),
            seen: views().map(|view| view.seen.len()).sum(),
            gaps: views().map(|view| view.gaps.len()).sum(),
            epochs: self.books.len(),
        }
    }

    /// Notes what stands where; it must be what was written.
    fn placed(&mut self, who: &str, room: &str, epoch: &str, sighting: Sighting<'_>) {
        let Sighting { seq, from, id, text, .. } = sighting;
        let written = self.written.get(&(room.to_owned(), from.to_owned(), id));
        let text = match written {
            Some(written) if *written.text == *text => written.text.clone(),
            Some(Written { text: wrote, .. }) => {
                let what = format!("{room}: {who} saw {from}/{id} as {text:.40?}, but it is {wrote:.40?}");
                self.at_once.push(Finding { rule: Rule::Altered, what });
                text.into()
            }
            None => {
                let what = format!("{room}: {who} saw {from}/{id} ({text:.40?}), which nobody wrote");
                self.at_once.push(Finding { rule: Rule::Altered, what });
                text.into()
            }
        };
        self.book(room, epoch).place(seq, Message { from: from.into(), id, text });
    }

    fn book(&mut self, room: &str, epoch: &str) -> &mut Book {
        self.books.entry((room.to_owned(), epoch.to_owned())).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three places, of which the last two are lost; then another message stands at the second.
    fn lost() -> Ledger {
        let mut ledger = Ledger::default();
        for id in 1..=4 {
            ledger.wrote("ada", "tea", id, "hello");
        }
        for id in 1..=3 {
            ledger.accepted("ada", "tea", "old", id, id);
            ledger.seen("eve", "tea", "old", sighting(id, id));
        }
        ledger.accepted("ada", "tea", "old", 4, 2);
        ledger
    }

    fn sighting(seq: u64, id: u64) -> Sighting<'static> {
        Sighting { seq, prev: seq - 1, from: "ada", id, text: "hello", newest: true }
    }

    #[test]
    fn an_end_that_was_lost_without_a_word_is_found() {
        let mut ledger = lost();
        ledger.kept("tea", "old", [sighting(1, 1), sighting(2, 4)]);
        let rules: BTreeSet<Rule> = ledger.check().into_iter().map(|finding| finding.rule).collect();
        assert!(rules.contains(&Rule::Order) && rules.contains(&Rule::Missing), "{rules:?}");
    }

    #[test]
    fn an_end_that_is_told_to_be_lost_is_no_fault_and_what_is_before_it_must_be_there() {
        for there in [&[sighting(1, 1), sighting(2, 4)][..], &[sighting(2, 4)]] {
            let mut ledger = lost();
            ledger.kept("tea", "new", there.iter().copied());
            let kept = ledger.lost_end("tea", "old", "new", there);
            assert_eq!(kept, Some(u64::from(there.len() == 2)));
            assert_eq!(ledger.check(), []);
        }
    }
}
