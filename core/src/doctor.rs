//! Who cuts a line, by what means, after how long, and what to set.
//!
//! A shell holds several lines side by side, each with one kind of life only, and writes down what each lived through: a
//! [`Story`]. The doctor reasons over the stories alone: only what this line did is evidence.
//!
//! It reasons by elimination. What may end lines is one of few mechanisms: a timer that is set anew by some kinds of what
//! passes (all 32 sets of them are tried; with none it is a lifetime), a first message that is waited for, an answer to a
//! ping, an event that meets all lines at once. Each is asked for which numbers of seconds it would end the lines that
//! ended as they did, and let live those that lived. What is left is all that fits: a sign that sets the timer anew in all
//! of it does so, one that does in some and not in others is not known, and is said not to be. Times may be off by the
//! grain of timers and the delays of networks: half a second or 5 %, whichever is more.
//!
//! One mechanism is believed before two. So two that lie that close together pass for one.

mod advice;
mod conclusion;
mod diagnose;
mod evidence;
mod finding;
mod fit;
mod headline;
mod hypothesis;
mod keepalives;
pub mod ladder;
mod manner;
mod observed;
mod picture;
mod report;
mod say;
mod seconds;
mod signatures;
mod signs;
mod spans;
mod story;
mod survey;
mod verdict;
mod watch;

pub use advice::{interval_for, policy_for};
pub use diagnose::diagnose;
pub use finding::{Effect, Finding, Kind, Measure};
pub use keepalives::{KeepAlive, TcpKeepalive, Which};
pub use manner::Manner;
pub use picture::Picture;
pub use report::{Report, ReportError, VERSION};
pub use signatures::Suspect;
pub use story::{Ending, Fate, How, Life, Mark, Sign, Standing, Story, TcpState};
pub use survey::{
    Address, FirstMessage, Handshake, HandshakeVerdict, HttpKeepAlive, Pointer, Reached, RoundTrips,
    ServerPings, Survey, Tls,
};
pub use verdict::{Cause, Statement, Sureness, Verdict};
pub use watch::{FailedDial, Watch};
