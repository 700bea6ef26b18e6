//! Older pages of a room: asked for, filled in, finished.

use crate::chat::entry::{Entry, EntryKey, Gap, Spoken, ToldBy};
use crate::chat::event::RoomEvent;
use crate::chat::refusal::HistoryError;
use crate::chat::timeline::Placed;
use crate::time::{Duration, Instant};
use crate::wire::Said;

use super::{Room, Told};

/// A page that is not whole after this is taken as it is.
const PAGE_WITHIN: Duration = Duration::from_secs(10);

/// An older page that was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// How many messages it may still bring.
    pub(super) left: u32,
    pub(super) added: usize,
    /// The seq right before our oldest: the last one of the page, which comes in rising order.
    pub(super) last: u64,
    /// When nobody waits for it any more.
    pub(super) until: Instant,
}

impl Room {
    /// Before which message, and for how many, an older page may be asked now.
    pub(in crate::chat) fn may_page(&self, limit: u32) -> Result<(u64, u32), HistoryError> {
        if !self.is_in() {
            return Err(HistoryError::NotNow);
        }
        if self.page.is_some() {
            return Err(HistoryError::Underway);
        }
        if self.timeline.is_from_the_beginning() {
            return Err(HistoryError::FromTheBeginning);
        }
        let oldest = self.timeline.oldest().ok_or(HistoryError::NotNow)?;
        let space = u32::try_from(self.timeline.room_for_older()).unwrap_or(u32::MAX);
        if space == 0 {
            return Err(HistoryError::Full);
        }
        Ok((oldest.seq, limit.clamp(1, space)))
    }

    /// An older page was asked for: at most `limit` messages before the oldest.
    pub(in crate::chat) fn asked_for_page(&mut self, now: Instant, limit: u32) {
        let last = self.timeline.oldest().map_or(0, |oldest| oldest.prev);
        self.page = Some(Asked { left: limit, added: 0, last, until: now + PAGE_WITHIN });
    }

    /// Whatever came of a page that took too long is all there is.
    pub(in crate::chat) fn end_stale_page(&mut self, now: Instant, told: &mut Told) {
        if self.page.is_some_and(|page| page.until <= now) {
            self.finish_page(told);
        }
    }

    /// The page that was asked for will not come.
    pub(in crate::chat) fn forget_page(&mut self) {
        self.page = None;
    }

    /// A message from below where we stand: a repeat, a piece of an older page, or what a hole lacked.
    pub(super) fn fill_in(&mut self, said: Said, own: bool, told: &mut Told) {
        let spoken = Spoken::new(self.timeline.era(), said, own);
        let (key, seq, prev) = (spoken.key(), spoken.seq, spoken.prev);
        let paged = self.page.is_some_and(|page| seq <= page.last && page.left > 0);
        if !paged && self.timeline.oldest().is_none_or(|oldest| key < oldest.key()) {
            // A repeat of what fell off the beginning, or something nobody asked for.
            return;
        }
        self.note_hole_below(key, prev, told);
        if let Placed::At(_) = self.timeline.place(spoken) {
            told.events.push(RoomEvent::Entry { key, newest: false });
            if let Some(page) = self.page.as_mut().filter(|_| paged) {
                page.left -= 1;
                page.added += 1;
            }
        }
        self.settle_accepted(told);
        if paged && prev == 0 {
            self.timeline.reached_the_beginning();
        }
        if self.page.is_some_and(|page| page.left == 0 || seq == page.last) {
            self.finish_page(told);
        }
    }

    /// In an older page nothing is healed: a hole in it becomes a visible gap at once.
    fn note_hole_below(&mut self, key: EntryKey, prev: u64, told: &mut Told) {
        let era = self.timeline.era();
        let before = self.timeline.before(key).and_then(Entry::spoken).filter(|before| before.era == era);
        if let Some(after) = before.map(|before| before.seq).filter(|before| *before < prev) {
            let next = Some(prev.saturating_add(1));
            self.place_gap(Gap { era, after, next, told_by: ToldBy::Client }, told);
        }
    }

    pub(super) fn finish_page(&mut self, told: &mut Told) {
        if let Some(page) = self.page.take() {
            let from_the_beginning = self.timeline.is_from_the_beginning();
            told.events.push(RoomEvent::Page { added: page.added, from_the_beginning });
        }
    }
}
