use crate::line::LineEvent;
use crate::time::Duration;
use crate::wire::{ErrorCode, Member};

use super::entry::EntryKey;
use super::keeping::Keep;
use super::own::{Delivery, OwnMessage};

/// What a [`Chat`](super::Chat) tells the user interface. What the event does not carry, the getters have.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Something about the line itself: its state, a round trip, how a line ended, a token that is wanted.
    Line(LineEvent),
    /// The server knows us; own messages go out from here on.
    Welcome {
        /// What others see of us.
        you: String,
        /// This line's name in the server's logs.
        session: String,
    },
    /// Something happened in a room.
    Room {
        /// Which.
        room: String,
        /// What.
        what: RoomEvent,
    },
    /// The server is about to leave; the line comes back by itself at a random moment within this time.
    Draining {
        /// How long it said.
        within: Duration,
    },
    /// The token of this line ends soon. Hand over a fresh one ([`Chat::set_token`](super::Chat::set_token)) and the line goes on;
    /// without one it is closed, and comes back with the token of the next dial. Only told where there is a source of tokens.
    TokenEnds {
        /// How soon.
        within: Duration,
    },
    /// The server could not make sense of something this client sent.
    ServerError {
        /// What, for programs.
        code: ErrorCode,
        /// What, in the server's words.
        why: String,
        /// The room it is about, where it is about one.
        room: Option<String>,
    },
    /// Something is to be stored, or no longer; only where [`Chat::keep`](super::Chat::keep) asked for it.
    Keep(Keep),
    /// The server said something that cannot be. It was ignored or brought within bounds.
    Odd {
        /// The room it is about, where it is about one.
        room: Option<String>,
        /// What it said and what was made of it.
        what: String,
    },
}

/// What happened in a room.
#[derive(Debug, Clone, PartialEq)]
pub enum RoomEvent {
    /// We are in.
    Joined {
        /// How this joins up with what was there before.
        how: Joining,
        /// The newest seq in the room: what is there up to it follows.
        last: u64,
    },
    /// All there was when we joined is here; what follows is live.
    CaughtUp,
    /// We were not let in. Joining again asks again.
    Refused {
        /// Why, for programs.
        code: ErrorCode,
        /// Why, in words.
        why: String,
    },
    /// We left; the room is forgotten, its unsent messages come with this.
    Left {
        /// Own messages that were not settled.
        unsettled: Vec<OwnMessage>,
    },
    /// The timeline has an entry more.
    Entry {
        /// Its place; [`Timeline::get`](super::Timeline::get) has it.
        key: EntryKey,
        /// Whether it stands at the end; else it belongs to an older page or fills a hole.
        newest: bool,
    },
    /// The numbers do not join up: the room is joined again from before the hole.
    Healing {
        /// The last seq before the hole.
        after: u64,
        /// The seq that shows it.
        seen: u64,
    },
    /// An older page is here.
    Page {
        /// How many messages it brought.
        added: usize,
        /// Whether nothing older can be asked for.
        from_the_beginning: bool,
    },
    /// Who is here changed.
    Members {
        /// Who came; empty in large rooms.
        joined: Vec<Member>,
        /// Who went; empty in large rooms.
        left: Vec<Member>,
        /// How many are here now.
        total: u64,
    },
    /// An own message is further on its way, or came back.
    Own(OwnMessage),
    /// An own message goes out although it is not stored: if this client is closed before it is accepted, it is lost.
    NotKept {
        /// Its number.
        id: u64,
        /// Why it is not stored, in words.
        why: String,
    },
}

/// How a join joins up with what was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joining {
    /// For the first time, or again before anything of the room was seen.
    First,
    /// Where we left off.
    Resumed,
    /// The server counts anew: the timeline goes on below a mark.
    NewEpoch,
}

impl OwnMessage {
    /// Whether nothing more will happen to it.
    pub fn is_settled(&self) -> bool {
        match self.delivery {
            Delivery::Accepted { .. } | Delivery::Rejected(_) => true,
            Delivery::Queued | Delivery::Sent | Delivery::Held { .. } => false,
        }
    }
}
