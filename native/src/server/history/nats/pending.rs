//! What the broker has taken, on its way to being accepted and told. The stream's order is the judge: so first this server must
//! follow a message where the broker said it is. Then it must be [noted](super::notes); one note is on its way at a time, and stands
//! for all that was followed until it went.

use std::collections::{BTreeMap, VecDeque};

use heartline_core::room::engine::Ticket;

use super::authors::Key;
use super::notes::Note;
use super::record::Record;

/// So many places may be followed and not noted; then the stream waits.
const HELD: usize = 10_000;

/// For so many of the places that were followed last it is known what came of them.
const RECENT: usize = 4096;

/// Who is to hear what became of the message at which place.
pub(super) type Waiting = (Ticket, u64);

/// What is at which place; `None`: nothing that counts.
pub(super) type There = (u64, Option<Record>);

#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Taken and not followed yet: what is to be where.
    taken: BTreeMap<u64, Taken>,
    /// Followed and not noted yet: who is to hear of which place.
    followed: Vec<Waiting>,
    /// Followed and not noted yet: what is there, which nobody is told of before.
    held: VecDeque<There>,
    /// The last place that was followed.
    seen: u64,
    /// The last places with messages, in their order.
    recent: VecDeque<u64>,
    /// Up to here all is noted.
    noted: u64,
    /// The last message that is known.
    newest: Option<Note>,
    /// The place that the note on its way tells of; 0 if it is of another epoch.
    underway: Option<u64>,
}

#[derive(Debug)]
struct Taken {
    key: Key,
    id: u64,
    tickets: Vec<Ticket>,
}

/// What there is to tell of a message that the broker has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is accepted.
    Accepted,
    /// That is not known yet.
    Open,
    /// It was followed, and is not what is there.
    Gone,
}

/// What became of messages when the stream came past their places.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    /// They are not there. Whoever waits is to ask again.
    pub(super) gone: Vec<Waiting>,
    /// Whose these are.
    pub(super) keys: Vec<Key>,
}

impl Pending {
    /// The broker took a message, or has it already.
    pub(super) fn take(&mut self, ticket: Ticket, epoch: &str, key: &Key, id: u64, seq: u64) -> Fate {
        if seq > self.seen {
            let taken = || Taken { key: key.clone(), id, tickets: Vec::new() };
            self.taken.entry(seq).or_insert_with(taken).tickets.push(ticket);
            return Fate::Open;
        }
        let is_recent = self.recent.front().is_some_and(|first| *first <= seq);
        if is_recent && self.recent.binary_search(&seq).is_err() {
            return Fate::Gone;
        }
        if seq <= self.noted {
            return Fate::Accepted;
        }
        self.learn(Note::new(epoch, seq, key, id));
        self.followed.push((ticket, seq));
        Fate::Open
    }

    /// Whether the stream may come to the next place.
    pub(super) fn has_room(&self) -> bool {
        self.held.len() < HELD
    }

    /// The stream came to a place, and there is this; `None`: nothing that counts.
    pub(super) fn pass(&mut self, epoch: &str, seq: u64, record: Option<Record>) -> Passed {
        self.seen = seq;
        if let Some(note) = record.as_ref().and_then(|record| Note::of(epoch, seq, record)) {
            self.learn(note);
            self.recent.push_back(seq);
            if self.recent.len() > RECENT {
                self.recent.pop_front();
            }
        }
        let later = self.taken.split_off(&(seq + 1));
        let mut passed = Passed::default();
        for (at, taken) in std::mem::replace(&mut self.taken, later) {
            let waiting = taken.tickets.iter().map(|ticket| (*ticket, at));
            if at == seq && record.as_ref().is_some_and(|record| record.is(&taken.key, taken.id)) {
                self.followed.extend(waiting);
            } else {
                passed.gone.extend(waiting);
                passed.keys.push(taken.key);
            }
        }
        self.held.push_back((seq, record));
        passed
    }

    fn learn(&mut self, note: Note) {
        if self.newest.as_ref().is_none_or(|newest| newest.seq < note.seq) {
            self.newest = Some(note);
        }
    }

    /// The note to take down now, if there is one.
    pub(super) fn next(&mut self) -> Option<Note> {
        let note = self.newest.as_ref().filter(|newest| newest.seq > self.noted)?;
        if self.underway.is_some() {
            return None;
        }
        self.underway = Some(note.seq);
        Some(note.clone())
    }

    /// The note that was on its way lies there. Returns what is accepted by that, and what everybody may be told.
    pub(super) fn noted(&mut self) -> (Vec<Waiting>, Vec<There>) {
        self.noted = self.noted.max(self.underway.take().unwrap_or_default());
        let noted = self.noted;
        let told = self.held.partition_point(|held| held.0 <= noted);
        let accepted = self.followed.extract_if(.., |followed| followed.1 <= noted).collect();
        (accepted, self.held.drain(..told).collect())
    }

    /// It was not taken down, as far as one knows. Returns whoever waits: they are to ask again.
    pub(super) fn not_noted(&mut self) -> Vec<Waiting> {
        self.underway = None;
        let mut waiting = std::mem::take(&mut self.followed);
        waiting.extend(self.lose_sight());
        waiting
    }

    /// The stream cannot be followed for now. Returns whoever waits for it to come to a message: they are to ask again.
    pub(super) fn lose_sight(&mut self) -> Vec<Waiting> {
        let taken = std::mem::take(&mut self.taken).into_iter();
        taken.flat_map(|(seq, taken)| taken.tickets.into_iter().map(move |ticket| (ticket, seq))).collect()
    }

    /// Places count in something else from here on, and the stream is followed above `last`. Returns whoever waited.
    pub(super) fn begin_anew(&mut self, last: u64) -> Vec<Waiting> {
        let mut waiting = self.lose_sight();
        let underway = self.underway.map(|_| 0);
        let old = std::mem::replace(self, Self { seen: last, underway, ..Self::default() });
        waiting.extend(old.followed);
        waiting
    }
}

#[cfg(test)]
mod tests {
    use heartline_core::room::Identity;
    use heartline_core::room::engine::Draft;

    use super::*;

    #[test]
    fn a_message_is_accepted_when_it_was_followed_and_then_noted() {
        let mut pending = Pending::default();
        assert_eq!(take(&mut pending, 1, 5), Fate::Open);
        assert_eq!(pending.next(), None, "it was not followed");
        assert_eq!(pass(&mut pending, 5), Passed::default());
        assert_eq!(pending.next(), Some(note(5)));
        assert_eq!(pass(&mut pending, 6), Passed::default());
        assert_eq!(
            take(&mut pending, 2, 6),
            Fate::Open,
            "it was followed before the answer came, and is not noted"
        );
        assert_eq!(pending.next(), None, "one note at a time");
        assert_eq!(noted(&mut pending), ([1].into(), [5].into()));
        assert_eq!(take(&mut pending, 3, 5), Fate::Accepted, "a repeat");
        assert_eq!(pending.next(), Some(note(6)));
        assert_eq!(noted(&mut pending), ([2].into(), [6].into()));
        assert_eq!(pending.next(), None, "all is noted");
    }

    #[test]
    fn what_was_there_before_this_server_is_noted_before_it_is_accepted_again() {
        let mut pending = Pending::default();
        assert!(pending.begin_anew(9).is_empty());
        assert_eq!(take(&mut pending, 1, 5), Fate::Open);
        assert_eq!(pending.next(), Some(note(5)));
        assert_eq!(noted(&mut pending), ([1].into(), [].into()));
    }

    #[test]
    fn whoever_waited_in_vain_asks_again() {
        let mut pending = Pending::default();
        take(&mut pending, 1, 5);
        pass(&mut pending, 5);
        pending.next();
        take(&mut pending, 9, 9);
        assert_eq!(pending.not_noted(), [(Ticket(1), 5), (Ticket(9), 9)]);
        assert_eq!(take(&mut pending, 2, 5), Fate::Open, "it is not noted");
        assert_eq!(pending.next(), Some(note(5)), "which is tried again");
        assert_eq!(take(&mut pending, 3, 7), Fate::Open);
        assert_eq!(pending.lose_sight(), [(Ticket(3), 7)]);
        assert_eq!(take(&mut pending, 4, 7), Fate::Open);
        assert_eq!(pending.begin_anew(0), [(Ticket(4), 7), (Ticket(2), 5)]);
        take(&mut pending, 5, 2);
        pass(&mut pending, 2);
        assert_eq!(pending.next(), None, "the note of the epoch before would come to lie above it");
        assert_eq!(noted(&mut pending), ([].into(), [].into()), "and stands for nothing");
        assert_eq!(pending.next(), Some(note(2)));
        assert_eq!(noted(&mut pending), ([5].into(), [2].into()));
    }

    #[test]
    fn what_the_stream_does_not_have_is_not_accepted() {
        let mut pending = Pending::default();
        take(&mut pending, 1, 5);
        take(&mut pending, 2, 6);
        take(&mut pending, 3, 7);
        assert_eq!(pass(&mut pending, 4), Passed::default());
        // A repeat, which was deleted before it came here, and one that is known as one.
        let gone = |ticket, seq| Passed { gone: vec![(Ticket(ticket), seq)], keys: vec![key()] };
        assert_eq!(pending.pass("e", 6, None).gone, [(Ticket(1), 5), (Ticket(2), 6)]);
        assert_eq!(take(&mut pending, 4, 5), Fate::Gone);
        assert_eq!(take(&mut pending, 5, 6), Fate::Gone);
        assert_eq!(pass(&mut pending, 8), gone(3, 7));
    }

    #[test]
    fn another_message_where_one_was_taken_is_not_accepted_for_it() {
        for other in [record("coffee", 5), record("tea", 4)] {
            let mut pending = Pending::default();
            take(&mut pending, 1, 5);
            let passed = pending.pass("e", 5, Some(other));
            assert_eq!((passed.gone, passed.keys), (vec![(Ticket(1), 5)], vec![key()]));
        }
    }

    fn take(pending: &mut Pending, ticket: u64, seq: u64) -> Fate {
        pending.take(Ticket(ticket), "e", &key(), seq, seq)
    }

    /// Whose messages are accepted, and which places are told, now that the note lies there.
    fn noted(pending: &mut Pending) -> (Vec<u64>, Vec<u64>) {
        let (accepted, told) = pending.noted();
        (accepted.iter().map(|(ticket, _)| ticket.0).collect(), told.iter().map(|(seq, _)| *seq).collect())
    }

    fn pass(pending: &mut Pending, seq: u64) -> Passed {
        pending.pass("e", seq, Some(record("tea", seq)))
    }

    fn note(seq: u64) -> Note {
        Note::new("e", seq, &key(), seq)
    }

    fn key() -> Key {
        ("tea".into(), Identity::of("secret", None))
    }

    fn record(room: &str, id: u64) -> Record {
        let (_, from) = key();
        Record::new(room, Draft { from, name: "Ada".into(), id, at: 1, text: "hello".into(), style: None }, 0)
    }
}
