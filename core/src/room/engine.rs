//! Where a room's history lies, and who gives out the seqs.
//!
//! The hub never calls an engine: it puts a [`Request`] out and goes on when the [`Reply`] comes in. So an engine may be a map in
//! memory, a file behind a thread of its own that commits many appends at once, or a broker at the other end of a network.
//! Whoever writes one that answers at once implements [`Engine`] and lets [`answer`] do the rest; whoever writes a slow one takes
//! requests from a channel and puts replies into another. What both must keep:
//!
//! * **Order and dedupe are the engine's.** A client's ids in a room are taken in rising order only. A repeat gets the seq it had;
//!   the same id with other content is refused; so is an id below the highest that is no longer in the history.
//! * **`Appended` with a seq means durable.** When in doubt, [`Refusal::Unavailable`]: the client sends it again.
//! * **A seq is never given twice in an epoch.** Whatever may have lost a tail that somebody saw begins a new epoch or skips ahead.
//! * **The replies of one room come in one order**: what a page holds up to its `last` was followed before it or is followed after
//!   it, and [`Reply::Followed`] comes in rising seqs.

mod budget;
mod draft;
mod log;
mod memory;
mod roster;

use std::sync::Arc;

pub use budget::Budget;
pub use draft::{Draft, Fingerprint};
pub use memory::{Memory, MemoryConfig};
pub use roster::{Roster, ServerId};

use crate::wire::{Said, ServerMessage};

/// A message at its place, as it goes on the wire: encoded once, its bytes shared by all who get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub seq: u64,
    /// The place before it; 0 before the first.
    pub prev: u64,
    /// The `said`.
    pub encoded: Arc<str>,
}

impl Entry {
    /// Gives a draft its place.
    pub fn new(room: &str, seq: u64, prev: u64, draft: Draft) -> Self {
        let said = Said {
            room: room.to_owned(),
            seq,
            prev,
            at: draft.at,
            from: draft.from.to_string(),
            name: draft.name.to_string(),
            id: draft.id,
            text: draft.text,
            style: draft.style,
        };
        Self { seq, prev, encoded: ServerMessage::Said(said).encode().into() }
    }
}

/// Where a room stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// What its seqs count in.
    pub epoch: Arc<str>,
    /// The highest seq given; 0 in a new room.
    pub last: u64,
}

/// How much to read at once. At least one message is read, however long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// How many messages.
    pub messages: usize,
    /// How many bytes of encoded messages.
    pub bytes: usize,
}

/// A piece of history, in the order of seqs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The messages.
    pub entries: Vec<Entry>,
    /// The room's highest seq when this was read.
    pub last: u64,
    /// Whether history has more beyond this piece, in the direction of reading.
    pub more: bool,
}

/// What became of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It has a place now.
    New(Entry),
    /// It had one all along.
    Repeat(u64),
}

/// Why a draft got no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The client is at fault: this id was used for something else.
    #[error("this id was used for another text; give each message a number of its own")]
    IdReused,
    /// Nobody is at fault: too long ago to tell whether it arrived.
    #[error(
        "an id this old may have arrived already; look at the history and say it anew if it is not there"
    )]
    Expired,
    /// The engine is at fault; try again.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The engine cannot do it now. Try again later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the history is not available: {0}")]
pub struct Unavailable(pub String);

/// An engine that answers at once.
pub trait Engine {
    /// Opens a room, making it if there is none. From now on it is followed.
    ///
    /// # Errors
    /// When there is no place for it now.
    fn open(&mut self, room: &str) -> Result<Head, Unavailable>;

    /// Nobody is in that room any more; it need not be followed.
    fn close(&mut self, room: &str);

    /// Makes a message durable.
    ///
    /// # Errors
    /// When it must not or cannot be taken.
    fn append(&mut self, room: &str, draft: Draft) -> Result<Appended, Refusal>;

    /// The first messages with a seq above `after`.
    ///
    /// # Errors
    /// When history cannot be read now.
    fn read_after(&mut self, room: &str, after: u64, most: Most) -> Result<Page, Unavailable>;

    /// The last messages with a seq below `before`.
    ///
    /// # Errors
    /// When history cannot be read now.
    fn read_before(&mut self, room: &str, before: u64, most: Most) -> Result<Page, Unavailable>;
}

/// Names a request, so that its reply finds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What the hub wants of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// See [`Engine::open`].
    Open {
        /// Which room.
        room: Arc<str>,
    },
    /// See [`Engine::close`].
    Close {
        /// Which room.
        room: Arc<str>,
    },
    /// Who is in this open room here, each time that changes: for other servers that share the history. There is no reply, and an
    /// engine that is not shared has nobody to tell.
    Here {
        /// Which room.
        room: Arc<str>,
        /// Who.
        roster: Roster,
    },
    /// See [`Engine::append`].
    Append {
        /// For the reply.
        ticket: Ticket,
        /// Which room.
        room: Arc<str>,
        /// The message.
        draft: Draft,
    },
    /// See [`Engine::read_after`].
    ReadAfter {
        /// For the reply.
        ticket: Ticket,
        /// Which room.
        room: Arc<str>,
        /// The seq before the first that is wanted.
        after: u64,
        /// How much.
        most: Most,
    },
    /// See [`Engine::read_before`].
    ReadBefore {
        /// For the reply.
        ticket: Ticket,
        /// Which room.
        room: Arc<str>,
        /// The seq behind the last that is wanted.
        before: u64,
        /// How much.
        most: Most,
    },
}

/// What the engine says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To [`Request::Open`]; or unasked, when an open room begins a new epoch.
    Opened {
        /// Which room.
        room: Arc<str>,
        /// Where it stands.
        head: Result<Head, Unavailable>,
    },
    /// To [`Request::Append`].
    Appended {
        /// Of the request.
        ticket: Ticket,
        /// Its seq.
        seq: Result<u64, Refusal>,
    },
    /// To [`Request::ReadAfter`] and [`Request::ReadBefore`].
    Page {
        /// Of the request.
        ticket: Ticket,
        /// What was read.
        page: Result<Page, Unavailable>,
    },
    /// Who is in an open room at another server; nobody, when that server has nobody there any more, or is gone.
    There {
        /// Which room.
        room: Arc<str>,
        /// Which server.
        server: ServerId,
        /// Who.
        roster: Roster,
    },
    /// A followed room has a new message, whoever brought it.
    Followed {
        /// Which room.
        room: Arc<str>,
        /// The message.
        entry: Entry,
    },
}

/// Lets an engine that answers at once answer a request.
pub fn answer(engine: &mut impl Engine, request: Request, mut reply: impl FnMut(Reply)) {
    match request {
        Request::Open { room } => {
            let head = engine.open(&room);
            reply(Reply::Opened { room, head });
        }
        Request::Close { room } => engine.close(&room),
        Request::Here { .. } => {}
        Request::Append { ticket, room, draft } => match engine.append(&room, draft) {
            Ok(Appended::New(entry)) => {
                reply(Reply::Appended { ticket, seq: Ok(entry.seq) });
                reply(Reply::Followed { room, entry });
            }
            Ok(Appended::Repeat(seq)) => reply(Reply::Appended { ticket, seq: Ok(seq) }),
            Err(refusal) => reply(Reply::Appended { ticket, seq: Err(refusal) }),
        },
        Request::ReadAfter { ticket, room, after, most } => {
            reply(Reply::Page { ticket, page: engine.read_after(&room, after, most) });
        }
        Request::ReadBefore { ticket, room, before, most } => {
            reply(Reply::Page { ticket, page: engine.read_before(&room, before, most) });
        }
    }
}
