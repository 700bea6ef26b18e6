//! The server half of `heartline.v1`: rooms, members, fan-out, catching up, presence. No socket, no clock.
//!
//! One [`Session`] per connection keeps the client to the protocol and the line to its heartbeat. One [`Hub`] keeps the rooms.
//! An [`engine`] keeps the history. They share nothing; the shell carries what one says to the other:
//!
//! ```text
//! socket ──text──▶ Session ──ToHub──▶ Hub ──Request──▶ engine
//! socket ◀─Transmit─ Session ◀─FromHub── Hub ◀──Reply─── engine
//! ```
//!
//! # What holds
//! * Nothing is `accepted` before the engine said that it is durable.
//! * A line gets each message of a room once and in the order of seqs, or a `gap`. Behind or live, its position is one number, and
//!   whatever is handed to it either follows on that position or is announced by a gap.
//! * A client that is not read from keeps nothing but its position: messages wait in the history, not in queues.
//! * Of what one client says in one room, nothing overtakes anything: one `say` is underway at the engine, the others wait in the
//!   session, and what is held holds all behind it.
//! * A `hold` stands until the client sends `from_id` again (an id below it will do), once the time has come. Everything above it is
//!   taken for a message that was already on its way, and dropped without a word. So a client that gave `from_id` up in the meantime
//!   needs a new line; it gets one, for after `limits.in_flight` of those the line is closed with 4003.
//! * `members` repeats nobody's own arrival, and may name somebody who is in the list already: the same, or under a new name.
//! * Secrets and tokens end in the session: the hub and all others see an [`Identity`]. What a client may do is decided by a
//!   [`Gate`] and kept to by the session; the hub asks no further questions.

pub mod engine;

mod bucket;
mod config;
mod gate;
mod hub;
mod identity;
mod posters;
mod session;
mod talk;

pub use bucket::Rate;
pub use config::{HubConfig, SessionConfig};
pub use gate::{Denied, Gate, Grant, OpenGate, RoomSet};
pub use hub::{Done, Errand, ErrandId, Hub, Piece, Tally, Timer as HubTimer};
pub use identity::Identity;
pub use posters::Posters;
pub use session::{Notice, Parcel, Session, SessionTimer, Transmit};
pub use talk::{Enter, FromHub, LineId, Outcome, ToHub, weight};
