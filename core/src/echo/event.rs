use crate::line::{LineEvent, Message, MessageId};
use crate::time::Duration;

/// What an [`Echo`](super::Echo) tells the user interface.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Something about the line itself: its state, a round trip of its heartbeat, how it ended.
    Line(LineEvent),
    /// A message that the user sent came back.
    Echoed {
        /// Which.
        id: MessageId,
        /// What came back.
        message: Message,
        /// From handing it to the network to its return.
        round_trip: Duration,
        /// Whether it differs from what was sent.
        changed: bool,
        /// Whether an earlier one is still under way.
        out_of_order: bool,
        /// Whether something else was taken for its echo before: that one was not.
        corrects: bool,
    },
    /// A message came in that is nobody's echo.
    Unasked(Message),
    /// The line ended before these came back: whether they arrived is unknown, their echoes will not come.
    Unanswered(Vec<MessageId>),
    /// A probe was sent.
    ProbeSent {
        /// Its number, from 1.
        number: u64,
    },
    /// A probe came back for the first time.
    ProbeBack {
        /// Its number.
        number: u64,
        /// How long it took.
        round_trip: Duration,
        /// Whether it differs from what was sent.
        changed: bool,
        /// Whether one sent later was back before.
        out_of_order: bool,
        /// Whether it had been given up.
        late: bool,
    },
    /// A probe came back once more.
    ProbeRepeated {
        /// Its number.
        number: u64,
    },
    /// A probe did not come back in time.
    ProbeLost {
        /// Its number.
        number: u64,
    },
    /// The line ended with probes under way: nobody can tell whether they arrived.
    ProbesUnknown {
        /// How many.
        count: u64,
    },
    /// All probes of the run are sent and decided.
    RunOver,
}
