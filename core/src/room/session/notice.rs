use super::Session;
use crate::time::Duration;
use crate::wire::{ErrorCode, HoldCode, RejectCode};

/// What happened on a connection, for whoever counts. It carries no words of the client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A beat was answered after so long.
    RoundTrip(Duration),
    /// The client was told that a message is durable.
    Accepted,
    /// The client was told that a message will never be taken.
    Rejected(RejectCode),
    /// The client was told to wait.
    Held(HoldCode),
    /// The client was told that it made a mistake.
    Mistake(ErrorCode),
}

/// A shell that does not ask loses the oldest: nothing rests on them.
const MOST: usize = 64;

impl Session {
    /// What happened since it was asked last. Nothing depends on being asked; of what is not asked for the last 64 are kept.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        super::pop(&mut self.notices)
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        if self.notices.len() == MOST {
            self.notices.pop_front();
        }
        self.notices.push_back(notice);
    }
}
