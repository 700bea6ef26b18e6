//! What the server asked to wait with, and how own messages go on behind it.

use crate::chat::own::Written;
use crate::policy::MAX_TOLD_WAIT;
use crate::time::{Duration, Instant};
use crate::wire::HoldCode;

use super::{Room, Told};

/// A server that says "hold for no time" is asked again after this.
const LEAST_HOLD: Duration = Duration::from_millis(100);

/// The server asked to wait with everything from `from_id` on.
#[derive(Debug, Clone)]
pub(in crate::chat) struct Hold {
    pub(in crate::chat) from_id: u64,
    pub(in crate::chat) code: HoldCode,
    pub(in crate::chat) until: Instant,
}

/// How a message and the server's last hold stand.
#[derive(Debug)]
pub(in crate::chat) enum Fence {
    /// It may pass.
    Open,
    /// The server waits for this one, which was held though it had been taken: once more, it is a repeat.
    After(Written),
    /// The server waits for one that is no longer ours to send. Only a new line helps.
    Shut,
}

impl Room {
    /// Begins to wait; until when, and whether the server asked for longer than anybody waits.
    pub(in crate::chat) fn hold_from(
        &mut self,
        now: Instant,
        from_id: u64,
        code: HoldCode,
        wait: Duration,
        told: &mut Told,
    ) {
        if wait > MAX_TOLD_WAIT {
            let used = MAX_TOLD_WAIT.as_secs();
            told.odd.push(format!(
                "the server asked to hold messages for {} s; {used} s are used",
                wait.as_secs()
            ));
        }
        // Number 0 is nobody's: then it is the room that is not open yet.
        self.fence = (from_id > 0).then_some(from_id);
        self.window = Some(1);
        self.hold = Some(Hold { from_id, code, until: now + wait.clamp(LEAST_HOLD, MAX_TOLD_WAIT) });
    }

    /// Ends a wait that is over.
    pub(in crate::chat) fn release(&mut self, now: Instant) {
        if self.hold.as_ref().is_some_and(|hold| hold.until <= now) {
            self.hold = None;
        }
    }

    /// When a wait is over, or a page given up.
    pub(in crate::chat) fn poll_timeout(&self) -> Option<Instant> {
        [self.held_until(), self.page.map(|page| page.until)].into_iter().flatten().min()
    }

    /// Whether an own message of this number may go out now, while so many others are under way.
    pub(in crate::chat) fn may_send(&self, id: u64, under_way: impl FnOnce() -> usize) -> bool {
        self.is_in()
            && self.hold.as_ref().is_none_or(|hold| id < hold.from_id)
            && self.window.is_none_or(|window| under_way() < window)
    }

    /// The server took or refused an own message: after a hold two more may go out for each, as TCP begins slowly. What was before
    /// the hold says nothing about what is behind it.
    pub(in crate::chat) fn widen(&mut self) {
        if self.hold.is_none() {
            self.window = self.window.map(|window| window.saturating_add(1));
        }
    }

    /// What must go out before an own message of this number can, because the server waits for it.
    pub(in crate::chat) fn pass_fence(&mut self, id: u64) -> Fence {
        match self.fence {
            Some(from_id) if id > from_id => {
                let Some(awaited) = self.returned.take_if(|written| written.id == from_id) else {
                    return Fence::Shut;
                };
                self.fence = None;
                Fence::After(awaited)
            }
            Some(_) | None => {
                self.fence = None;
                Fence::Open
            }
        }
    }

    /// An own message came back before it was accepted.
    pub(in crate::chat) fn note_return(&mut self, written: Written) {
        self.returned = Some(written);
    }
}
