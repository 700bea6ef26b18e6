//! Where this client stands in a room: the seq up to which everything is known, and how holes are noticed and healed.
//!
//! Every `said` names the seq before it. If that is not where we stand, and no `gap` was announced, there is a hole: the room is
//! joined again from where we stand, and until the answer everything behind the hole is left alone, for it will come again.
//! A server that shows the same hole [`TRIES`] times more is believed: the hole becomes a visible gap, and we go on behind it.

use super::event::Joining;

/// How often the same hole is healed before it is accepted.
const TRIES: u8 = 2;

/// Where this client stands in one room.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain {
    /// The epoch that all numbers below count in; `None` before the first `joined`.
    epoch: Option<String>,
    /// Everything up to this seq is here or told as a gap; `None` while that is not known.
    position: Option<u64>,
    /// Whether the next message must name `position` as the one before it.
    linked: bool,
    healing: bool,
    tries: u8,
}

/// What a `said` is, seen from where we stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// The next one.
    Next,
    /// At or below where we stand: a repeat, or part of an older page.
    Older,
    /// Behind a hole that is being healed: it will come again.
    Later,
    /// There is a hole: join again.
    Hole {
        /// The last seq before it.
        after: u64,
    },
    /// The same hole again, although we joined again: tell it and go on.
    LastingHole {
        /// The last seq before it.
        after: u64,
    },
    /// It cannot be so.
    Lie(&'static str),
}

impl Chain {
    pub(super) fn epoch(&self) -> Option<&str> {
        self.epoch.as_deref()
    }

    /// From where to resume; `None`: from the first page.
    pub(super) fn position(&self) -> Option<u64> {
        self.position
    }

    /// The answer to a join.
    pub(super) fn joined(&mut self, epoch: String, last: u64) -> Joining {
        self.healing = false;
        if self.epoch.as_ref() == Some(&epoch) {
            // A head below where we stand: the server lost what we have. What comes next cannot link to it.
            self.linked &= self.position.is_none_or(|position| position <= last);
            return Joining::Resumed;
        }
        // Who stood somewhere gets all of the new epoch, and should the line end before the first of it, still does. Who did not
        // named no epoch to the server, and gets the last page.
        let how = if self.position.is_some() { Joining::NewEpoch } else { Joining::First };
        // In an empty room we already have everything.
        let position = (how == Joining::NewEpoch || last == 0).then_some(0);
        *self = Self { epoch: Some(epoch), position, linked: position.is_some(), ..Self::default() };
        how
    }

    /// Places a message; `Link::Next` and `Link::LastingHole` move us up to it.
    pub(super) fn said(&mut self, seq: u64, prev: u64) -> Link {
        if seq == 0 {
            return Link::Lie("numbers begin at 1");
        }
        if prev >= seq {
            return Link::Lie("it names a message before it that is not before it");
        }
        let Some(position) = self.position else {
            self.advance(seq);
            return Link::Next;
        };
        if seq <= position {
            return Link::Older;
        }
        if self.healing {
            return Link::Later;
        }
        if !self.linked || prev == position {
            self.advance(seq);
            return Link::Next;
        }
        if prev < position {
            // It rises, so its place is clear; only what it says about the one before it cannot be.
            self.advance(seq);
            return Link::Next;
        }
        if self.tries < TRIES {
            self.tries += 1;
            self.healing = true;
            return Link::Hole { after: position };
        }
        self.advance(seq);
        Link::LastingHole { after: position }
    }

    /// The server says that something may be missing behind `after`. Returns where that is, seen from here; `None`: not at our end.
    pub(super) fn gap(&mut self, after: u64, next: Option<u64>) -> Option<u64> {
        let Some(position) = self.position else {
            self.linked = false;
            return Some(after);
        };
        if next.is_some_and(|next| next <= position) {
            return None;
        }
        self.linked = false;
        self.healing = false;
        Some(after.max(position))
    }

    /// The line ended: an answer to a join that was still due will not come.
    pub(super) fn line_ended(&mut self) {
        self.healing = false;
    }

    fn advance(&mut self, seq: u64) {
        self.position = Some(seq);
        self.linked = true;
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_links_up_is_next_and_what_came_before_is_older() {
        let mut chain = joined(7);
        assert_eq!(chain.said(5, 4), Link::Next, "the first page may begin anywhere");
        assert_eq!(chain.said(7, 5), Link::Next, "numbers need not be dense");
        assert_eq!(chain.said(7, 5), Link::Older);
        assert_eq!(chain.said(6, 5), Link::Older);
        assert_eq!(chain.position(), Some(7));
    }

    #[test]
    fn a_hole_is_healed_by_joining_again() {
        let mut chain = joined(0);
        assert_eq!(chain.said(1, 0), Link::Next);
        assert_eq!(chain.said(4, 3), Link::Hole { after: 1 });
        assert_eq!(chain.said(5, 4), Link::Later, "it will come again");
        assert_eq!(chain.joined("e".to_owned(), 5), Joining::Resumed);
        assert_eq!(chain.said(3, 1), Link::Next);
        assert_eq!(chain.said(4, 3), Link::Next);
    }

    #[test]
    fn a_hole_that_lasts_is_told_and_left_behind() {
        let mut chain = joined(0);
        assert_eq!(chain.said(1, 0), Link::Next);
        for _ in 0..TRIES {
            assert_eq!(chain.said(4, 3), Link::Hole { after: 1 });
            chain.joined("e".to_owned(), 4);
        }
        assert_eq!(chain.said(4, 3), Link::LastingHole { after: 1 });
        assert_eq!(chain.said(5, 4), Link::Next);
    }

    #[test]
    fn behind_an_announced_gap_anything_links() {
        let mut chain = joined(0);
        assert_eq!(chain.said(1, 0), Link::Next);
        assert_eq!(chain.gap(1, Some(100)), Some(1));
        assert_eq!(chain.said(100, 99), Link::Next);
        assert_eq!(chain.gap(20, None), Some(100), "the tail was lost below us: we stand where we stand");
        assert_eq!(chain.gap(2, Some(50)), None, "far below us: part of an older page");
    }

    #[test]
    fn another_epoch_starts_anew() {
        let mut chain = joined(0);
        chain.said(9, 0);
        assert_eq!(chain.joined("f".to_owned(), 3), Joining::NewEpoch);
        assert_eq!(chain.position(), Some(0), "all of it is due, also on the next line");
        assert_eq!(chain.said(2, 1), Link::Hole { after: 0 });
        assert_eq!(chain.joined("f".to_owned(), 3), Joining::Resumed);
        assert_eq!(chain.said(1, 0), Link::Next);
    }

    #[test]
    fn another_epoch_is_the_first_to_one_who_saw_nothing_of_the_one_before() {
        let mut chain = joined(7);
        assert_eq!(chain.joined("f".to_owned(), 30), Joining::First);
        assert_eq!(chain.position(), None, "its last page will do");
    }

    #[test]
    fn a_head_below_us_unlinks() {
        let mut chain = joined(0);
        chain.said(9, 0);
        assert_eq!(chain.joined("e".to_owned(), 3), Joining::Resumed);
        assert_eq!(chain.said(30, 29), Link::Next, "no hole can be told from numbers the server lost");
    }

    #[test]
    fn lies_are_named() {
        let mut chain = joined(0);
        assert!(matches!(chain.said(0, 0), Link::Lie(_)));
        assert!(matches!(chain.said(3, 3), Link::Lie(_)));
        assert!(matches!(chain.said(3, 9), Link::Lie(_)));
    }

    fn joined(last: u64) -> Chain {
        let mut chain = Chain::default();
        assert_eq!(chain.joined("e".to_owned(), last), Joining::First);
        chain
    }
}
