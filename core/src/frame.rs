//! WebSocket frames out of bytes, with the names an analyser gives their fields.
//!
//! The [`Dissector`] looks on: it is no endpoint and refuses nothing. The [`CloseWatch`] stands in front of one, and stops at close
//! codes that the endpoint must not judge by itself. The dissector names each breach of RFC 6455 with its section and
//! goes on, for what a broken peer says next is what one wants to see. One dissector sees one direction; whoever watches a
//! line has two, and feeds them what follows the heads of the handshake.
//!
//! ```
//! use heartline_core::frame::{Dissector, Keep, Opcode, Side};
//! use heartline_core::time::Instant;
//!
//! let now = Instant::now(); // a shell reads the clock when bytes come
//! let mut from_client = Dissector::new(Side::Client, Keep::default());
//! let mut bytes: &[u8] = &[0x81, 0x83, 0x42, 0x04, 0xcb, 0x9a, 0x23, 0x66, 0xa8];
//! while let Some(frame) = from_client.read(now, &mut bytes) {
//!     assert_eq!(frame.header.opcode, Opcode::Text);
//!     assert_eq!(frame.payload.bytes(), b"abc");
//!     assert!(frame.violations.is_empty());
//! }
//! ```

mod assembly;
mod close_body;
mod close_watch;
mod dissector;
mod header;
mod inflate;
mod kept;
mod lines;
mod utf8;
mod violation;

pub use assembly::{Compression, Kind, Message};
pub use close_body::CloseBody;
pub use close_watch::{CloseWatch, Stopped};
pub use dissector::{Dissector, End, Frame, Underway};
pub use header::{Header, HeaderReader, LengthForm, Opcode, Reserved};
pub use kept::Kept;
pub use violation::Violation;

/// Whose bytes a dissector reads: that decides whether they must be masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Whoever dialled. Its frames are masked.
    Client,
    /// Whoever was dialled. Its frames are not.
    Server,
}

/// How much a [`Dissector`] keeps. Beyond it bytes are still counted and checked, but not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Payload bytes of one frame.
    pub frame: usize,
    /// Bytes of one message, put together and inflated.
    pub message: usize,
    /// Bytes that one message may inflate to before it is given up. A kilobyte can become a megabyte.
    pub inflated: u64,
}

impl Default for Keep {
    /// 64 KiB of each frame and each message, which is all that `heartline.v1` allows; 64 MiB to inflate to, as much as
    /// tungstenite takes for one message.
    fn default() -> Self {
        Self { frame: 64 << 10, message: 64 << 10, inflated: 64 << 20 }
    }
}

/// Whether the compressor of a direction remembers what it compressed before (RFC 7692 section 7.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Each message may refer to those before it.
    TakenOver,
    /// `…_no_context_takeover` was agreed on: each message stands alone.
    Fresh,
}
