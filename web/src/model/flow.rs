//! How much of what was handed to the browser the network has taken.
//!
//! A page's only witness is `bufferedAmount`: the payload bytes still waiting. What is missing from it is gone.

use std::collections::VecDeque;

/// The messages handed over and not yet taken.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    handed: u64,
    taken: u64,
    // For each message still waiting: how many bytes have been handed over at its end.
    ends: VecDeque<u64>,
}

impl Flow {
    /// A message of so many payload bytes was handed over.
    pub fn hand(&mut self, bytes: usize) {
        self.handed += bytes as u64;
        self.ends.push_back(self.handed);
    }

    /// Takes a look at `bufferedAmount`: how many whole messages went since the last look.
    ///
    /// `Some(0)` is a part of one, `None` is no progress.
    pub fn look(&mut self, buffered: u32) -> Option<usize> {
        let taken = self.handed.saturating_sub(buffered.into());
        let whole = self.ends.iter().take_while(|end| **end <= taken).count();
        let moved = taken > self.taken || whole > 0;
        self.taken = self.taken.max(taken);
        self.ends.drain(..whole);
        moved.then_some(whole)
    }

    /// Whether there is anything to look for.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}
