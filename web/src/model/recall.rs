//! What was sent, to be sent again: as the arrow keys of a shell.

use std::collections::VecDeque;

use super::saved::Saved;

/// How many are remembered; the oldest goes first.
pub const KEPT: usize = 100;

/// What was sent, and how far back its writer went.
#[derive(Clone, Debug, Default)]
pub struct Recall {
    /// The newest first.
    sent: VecDeque<Saved>,
    /// How many steps back, and what was being written before.
    back: Option<(usize, Saved)>,
}

impl Recall {
    /// Remembers what was sent. The same twice in a row is remembered once.
    pub fn remember(&mut self, sent: Saved) {
        self.back = None;
        if self.sent.front() != Some(&sent) {
            self.sent.push_front(sent);
            self.sent.truncate(KEPT);
        }
    }

    /// One step back, from what stands there now.
    pub fn older(&mut self, now: Saved) -> Option<Saved> {
        let at = self.back.as_ref().map_or(0, |(at, _)| at + 1);
        let found = self.sent.get(at)?.clone();
        let draft = self.back.take().map_or(now, |(_, draft)| draft);
        self.back = Some((at, draft));
        Some(found)
    }

    /// One step forward; at the end, what was being written.
    pub fn newer(&mut self) -> Option<Saved> {
        match self.back.take()? {
            (0, draft) => Some(draft),
            (at, draft) => {
                self.back = Some((at - 1, draft));
                self.sent.get(at - 1).cloned()
            }
        }
    }
}
