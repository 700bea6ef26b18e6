//! What one client says in one room: one message underway, the others behind it, and the fence of a `hold`.

use std::collections::VecDeque;

use crate::time::{Duration, Instant};
use crate::wire::{HoldCode, Style};

#[derive(Debug, Default)]
pub(super) struct Speaking {
    /// The id that is at the engine.
    pub(super) underway: Option<u64>,
    pub(super) queue: VecDeque<Words>,
    hold: Option<Hold>,
}

#[derive(Debug)]
pub(super) struct Words {
    pub(super) id: u64,
    pub(super) text: String,
    pub(super) style: Option<Style>,
}

#[derive(Debug)]
struct Hold {
    from_id: u64,
    code: HoldCode,
    until: Instant,
    /// How often `from_id` came before its time.
    early: u32,
    /// How many came that were not to come before `from_id`. As many as may be in flight were on their way already.
    beyond: u32,
}

/// What a hold says to a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fence {
    Open,
    /// It was on its way when the hold was told, and is not taken.
    Drop,
    /// The client tries too early. It is told again.
    Again {
        from_id: u64,
        code: HoldCode,
        wait: Duration,
    },
    /// The client does not listen.
    Ignored,
}

impl Speaking {
    /// Whether a message may pass.
    pub(super) fn fence(&mut self, now: Instant, id: u64, patience: u32, in_flight: u32) -> Fence {
        let Some(hold) = &mut self.hold else { return Fence::Open };
        if id > hold.from_id {
            hold.beyond += 1;
            return if hold.beyond > in_flight { Fence::Ignored } else { Fence::Drop };
        }
        if now >= hold.until {
            self.hold = None;
            return Fence::Open;
        }
        hold.early += 1;
        if hold.early > patience {
            return Fence::Ignored;
        }
        let (from_id, code) = (hold.from_id, hold.code.clone());
        Fence::Again { from_id, code, wait: hold.until.saturating_duration_since(now) }
    }

    /// From this id on nothing is taken before that moment. A hold on a later id gives way.
    pub(super) fn hold(&mut self, from_id: u64, code: HoldCode, until: Instant) {
        let early = self.hold.as_ref().map_or(0, |hold| hold.early);
        self.hold = Some(Hold { from_id, code, until, early, beyond: 0 });
    }

    /// Whatever was held will not come.
    pub(super) fn lift(&mut self) {
        self.hold = None;
    }

    /// Whether there is nothing to keep this for.
    pub(super) fn is_idle(&self) -> bool {
        self.underway.is_none() && self.queue.is_empty() && self.hold.is_none()
    }
}
