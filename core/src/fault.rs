//! What may go wrong between two ends of a line, on purpose: for whoever stands in between and wants to see how they bear it.
//!
//! A [`Fault`] says whose bytes it befalls, what happens to them, and when it begins. It has one spelling, for flags, keys and
//! programs alike: `server: mute-pongs`, `client: blackhole after 5s`, `both: cut 1012 after 10 frames`. The [`Faults`] of a line
//! are the machine that decides, frame by frame: a shell asks it about the bytes that have come and does what it says.
//!
//! ```
//! use heartline_core::fault::{Fault, Faults, Step};
//! use heartline_core::frame::Side;
//! use heartline_core::time::Instant;
//!
//! let now = Instant::now(); // a shell reads the clock
//! let mut faults = Faults::new(now);
//! faults.set(now, "server: mute-pongs".parse::<Fault>().expect("it is one")).expect("there is room");
//! let mut bytes = *b"\x8a\x00\x81\x02hi"; // a pong, and a text behind it
//! assert_eq!(faults.next(now, Side::Server, now, &mut bytes), Step::Drop(2));
//! assert_eq!(faults.next(now, Side::Server, now, &mut bytes[2..]), Step::Pass(4));
//! ```

mod machine;
mod text;
mod way;

use std::time::Duration;

pub use machine::{Faults, MOST_FAULTS, Step, TooManyFaults};
pub use text::FaultError;
pub use way::Tally;

use crate::frame::Side;

/// Something that goes wrong on purpose. Its text is read by [`FromStr`](std::str::FromStr) and written by
/// [`Display`](std::fmt::Display):
///
/// ```text
/// fault  = whose ":" act [ when ]
/// whose  = "client" | "server" | "both"            whose bytes; both count and fall silent together
/// act    = "mute-pongs"                            its pong frames do not arrive
///        | "stall"                                 its bytes are not read, so that it can write no more before long
///        | "blackhole"                             its frames are read and do not arrive
///        | "delay" TIME                            its bytes arrive later by so much
///        | "throttle" SIZE                         its bytes arrive at so many a second
///        | "corrupt"                               a bit of the next data frame is turned over, once
///        | "cut" [ "fin" | "rst" | CODE ]          whoever reads it sees the end of the line: FIN, RST, or a close frame
/// when   = "after" ( TIME | N "frames" | TIME "of silence" )
/// TIME   = 250ms, 5s, 2m, 1h                       up to a day; a number alone is seconds
/// SIZE   = 512, 10k, 1M                            bytes, at least 1; k is 1024
/// CODE   = 1000 to 4999
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whose bytes it befalls.
    pub whose: Whose,
    /// What happens to them.
    pub act: Act,
    /// When it begins.
    pub when: When,
}

/// Whose bytes a fault befalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// What the client sends.
    Client,
    /// What the server sends.
    Server,
    /// What either sends.
    Both,
}

impl Whose {
    /// Whether what `side` sends is meant.
    #[must_use]
    pub const fn includes(self, side: Side) -> bool {
        match self {
            Self::Client => matches!(side, Side::Client),
            Self::Server => matches!(side, Side::Server),
            Self::Both => true,
        }
    }
}

/// What happens to the bytes of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Pong frames are taken out. Everything else passes.
    MutePongs,
    /// Nothing is read, so nothing arrives, and the sender's buffers fill.
    Stall,
    /// Frames are read and dropped. What was under way when it began still arrives whole, so that the line is good again
    /// once the fault is gone; a compressor that remembers what was dropped is not.
    Blackhole,
    /// Bytes arrive later. How many can be under way is the shell's to bound: the rest waits with the sender.
    Delay(Duration),
    /// Bytes a second, at least 1, in bursts of a tenth of a second.
    Throttle(u64),
    /// The lowest bit of the first payload byte of one data frame is turned over; text mostly stays text.
    Corrupt,
    /// The line ends, for whoever reads this direction in this way, for the other one by a FIN if the fault is not of both.
    Cut(Cut),
}

/// How a line is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The end of the stream, without a close frame.
    Fin,
    /// A reset.
    Reset,
    /// A close frame with this code, 1000 to 4999, at the end of the frame that is under way; then the end of the stream.
    Code(u16),
}

/// When a fault begins. It counts from the moment the fault was set, or the line opened if that came later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At once.
    Now,
    /// After this time.
    Time(Duration),
    /// Once so many whole frames have come.
    Frames(u64),
    /// Once no byte has come for this long.
    Silence(Duration),
}
