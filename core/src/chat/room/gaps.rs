//! Places where something may be missing.

use crate::chat::entry::{Gap, ToldBy};
use crate::chat::event::RoomEvent;
use crate::chat::timeline::Placed;

use super::{Presence, Room, Told};

impl Room {
    pub(in crate::chat) fn gap(&mut self, after: u64, next: Option<u64>, told: &mut Told) {
        if self.presence != Presence::In {
            return told.odd.push("a gap came before we were let in; ignored".to_owned());
        }
        let credible = next.filter(|next| *next > after);
        if credible != next {
            told.odd.push(format!("a gap that ends at or before its beginning, {after}; its end is ignored"));
        }
        let at_our_end = self.chain.gap(after, credible);
        let (era, told_by) = (self.timeline.era(), ToldBy::Server);
        self.place_gap(Gap { era, after: at_our_end.unwrap_or(after), next: credible, told_by }, told);
        match at_our_end {
            Some(_) if credible.is_none_or(|next| self.catching_up_to.is_some_and(|head| next > head)) => {
                // Nothing below the head is left to come.
                self.catching_up_to = self.catching_up_to.map(|_| 0);
                self.note_caught_up(told);
            }
            Some(_) => {}
            None => {
                if self.timeline.oldest().is_none_or(|oldest| credible.is_some_and(|next| next <= oldest.seq))
                {
                    self.timeline.reached_the_beginning();
                    self.finish_page(told);
                }
            }
        }
    }

    pub(super) fn place_gap(&mut self, gap: Gap, told: &mut Told) {
        match self.timeline.place_gap(gap) {
            Placed::At(at) => {
                let newest = at + 1 == self.timeline.len();
                told.events.push(RoomEvent::Entry { key: gap.key(), newest });
            }
            Placed::Repeat | Placed::TooOld => {}
            Placed::Contradiction => {
                told.odd.push(format!("a gap behind {}, where messages are known; ignored", gap.after));
            }
        }
    }
}
