//! The messages of the subprotocol `heartline.v1` and their codec.
//!
//! JSON, one object per Text message, told apart by its `"type"`. Unknown fields are ignored, so that a newer peer can add some;
//! an unknown type is told to the caller, who answers it with `error`.
//!
//! What is read here is bounded and never panics: the length is looked at before a byte is parsed, every number lies within
//! what all JSON readers agree on ([`MAX_NUMBER`]), and what is wrong comes back as a [`DecodeError`] with words for the sender.
//!
//! These types are what lies on the wire and nothing else: no machine keeps one of them as its state.

mod client;
mod code;
mod decode;
mod limits;
mod name;
mod number;
mod server;
mod style;
mod token;

pub use client::{ClientMessage, Resume};
pub use code::{ErrorCode, HoldCode, RejectCode};
pub use decode::DecodeError;
pub use limits::{Beat, Limits};
pub use name::{NameFault, check_name};
pub use server::{Member, Said, ServerMessage};
pub use style::{BadColour, Colour, Lane, Style};
pub use token::{BearerToken, TokenFault};

/// The subprotocol both sides agree on in the handshake (`Sec-WebSocket-Protocol`).
pub const PROTOCOL: &str = "heartline.v1";

/// The longest message either side sends or reads, in bytes of UTF-8.
///
/// A page sees only whole messages: while one of 64 KiB comes in over 50 kbit/s, ten seconds pass without a sign of life, which is
/// the whole default grace. Anything longer would look like silence.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// The highest number on the wire: 2^53 - 1.
///
/// JavaScript and every JSON reader that keeps numbers as doubles changes integers beyond it without a word.
pub const MAX_NUMBER: u64 = (1 << 53) - 1;
