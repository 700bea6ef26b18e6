use crate::outbox::Refused;
use crate::wire::NameFault;

/// Why a room was not entered. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The name cannot be.
    #[error("this cannot be the name of a room: {0}")]
    Name(#[from] NameFault),
    /// One room too many; leave another first.
    #[error("you are in {limit} rooms, which is the most; leave another first")]
    TooMany {
        /// How many there may be.
        limit: u32,
    },
}

/// Why a message was not taken. It is still its writer's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SayError {
    /// Join the room first.
    #[error("you are not in that room; join it first")]
    NotInRoom,
    /// There is nothing to say.
    #[error("the message is empty")]
    Empty,
    /// Shorten it or split it.
    #[error("the message has {bytes} bytes, and the server takes {limit}; shorten it or split it")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: u32,
    },
    /// As much waits as may wait.
    #[error(transparent)]
    Full(#[from] Refused),
}

/// Why no older page was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// Join the room first.
    #[error("you are not in that room; join it first")]
    NotInRoom,
    /// There is no line, or the room is not joined on it yet. Ask again later.
    #[error("the room is not connected at the moment; ask again when it is")]
    NotNow,
    /// A page is on its way.
    #[error("an older page is on its way already")]
    Underway,
    /// There is nothing older.
    #[error("this is the beginning")]
    FromTheBeginning,
    /// The timeline is full: leave and join to begin with the newest again.
    #[error("no more can be kept at once")]
    Full,
}
