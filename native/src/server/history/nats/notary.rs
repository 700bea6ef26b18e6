//! What the broker has taken and this server has not noted yet: see [`notes`](super::notes). One note is on its way at a time; it
//! stands for all that came until it went.

use heartline_core::room::engine::Ticket;

use super::notes::Note;

#[derive(Debug, Default)]
pub(super) struct Notary {
    /// All up to here is noted.
    noted: u64,
    /// The last message that is known.
    newest: Option<Note>,
    /// The seq of the note that is on its way; 0 if it is of another epoch.
    underway: Option<u64>,
    /// Who is to hear that a message is accepted, as soon as it is noted.
    waiting: Vec<(Ticket, u64)>,
}

impl Notary {
    /// A message is in the stream.
    pub(super) fn learn(&mut self, note: Note) {
        if self.newest.as_ref().is_none_or(|newest| newest.seq < note.seq) {
            self.newest = Some(note);
        }
    }

    /// Somebody is to hear that the message at this place is accepted. `false`: it is noted, and there is nothing to wait for.
    pub(super) fn wait(&mut self, ticket: Ticket, seq: u64) -> bool {
        let waits = seq > self.noted;
        if waits {
            self.waiting.push((ticket, seq));
        }
        waits
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

    /// The note that was on its way lies there. Returns who waited for it.
    pub(super) fn lies(&mut self) -> Vec<(Ticket, u64)> {
        self.noted = self.noted.max(self.underway.take().unwrap_or_default());
        let noted = self.noted;
        self.waiting.extract_if(.., |waiting| waiting.1 <= noted).collect()
    }

    /// It was not taken down, as far as one knows. Returns whoever waited: they are to ask again.
    pub(super) fn failed(&mut self) -> Vec<(Ticket, u64)> {
        self.underway = None;
        std::mem::take(&mut self.waiting)
    }

    /// Seqs count in something else. Returns whoever waited.
    pub(super) fn begin_anew(&mut self) -> Vec<(Ticket, u64)> {
        let underway = self.underway.map(|_| 0);
        std::mem::replace(self, Self { underway, ..Self::default() }).waiting
    }
}

#[cfg(test)]
mod tests {
    use heartline_core::room::Identity;

    use super::*;

    #[test]
    fn whoever_waits_hears_when_a_note_at_or_above_the_message_lies_there() {
        let mut notary = Notary::default();
        notary.learn(note(5));
        assert!(notary.wait(Ticket(1), 5));
        assert_eq!(notary.next(), Some(note(5)));
        notary.learn(note(7));
        notary.learn(note(6));
        assert!(notary.wait(Ticket(2), 6) && notary.wait(Ticket(3), 7));
        assert_eq!(notary.next(), None, "one at a time");
        assert_eq!(notary.lies(), [(Ticket(1), 5)]);
        assert!(!notary.wait(Ticket(4), 4), "a repeat of what is below a note");
        assert_eq!(notary.next(), Some(note(7)));
        assert_eq!(notary.lies(), [(Ticket(2), 6), (Ticket(3), 7)]);
        assert_eq!(notary.next(), None, "all is noted");
    }

    #[test]
    fn a_note_that_is_not_taken_is_tried_again_and_whoever_waited_asks_again() {
        let mut notary = Notary::default();
        notary.learn(note(5));
        assert!(notary.wait(Ticket(1), 5));
        assert_eq!(notary.next(), Some(note(5)));
        assert_eq!(notary.failed(), [(Ticket(1), 5)]);
        assert!(notary.wait(Ticket(2), 5), "it is not noted");
        assert_eq!(notary.next(), Some(note(5)));
    }

    #[test]
    fn a_note_of_the_epoch_before_stands_for_nothing() {
        let mut notary = Notary::default();
        notary.learn(note(5));
        assert!(notary.wait(Ticket(1), 5));
        assert_eq!(notary.next(), Some(note(5)));
        assert_eq!(notary.begin_anew(), [(Ticket(1), 5)]);
        notary.learn(note(2));
        assert!(notary.wait(Ticket(2), 2));
        assert_eq!(notary.next(), None, "the one on its way would come to lie above it");
        assert_eq!(notary.lies(), []);
        assert_eq!(notary.next(), Some(note(2)));
        assert_eq!(notary.lies(), [(Ticket(2), 2)]);
    }

    fn note(seq: u64) -> Note {
        Note::new("epoch", seq, &("tea".into(), Identity::of("secret", None)), seq)
    }
}
