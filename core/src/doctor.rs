//! Who cuts a line, by what means, after how long, and what to set.
//!
//! A shell holds several lines side by side, each with one kind of life only, and writes down what each lived through: a
//! [`Story`]. The doctor reasons over the stories alone: only what this line did is evidence.

mod advice;
mod conclusion;
mod diagnose;
mod evidence;
mod finding;
mod fit;
mod hypothesis;
mod keepalives;
pub mod ladder;
mod manner;
mod observed;
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
pub use report::{Report, VERSION};
pub use signatures::Suspect;
pub use story::{Ending, Fate, How, Life, Mark, Sign, Standing, Story, TcpState};
pub use survey::{
    Address, FirstMessage, Handshake, HandshakeVerdict, Pointer, Reached, RoundTrips, ServerPings, Survey,
    Tls,
};
pub use verdict::{Cause, Statement, Sureness, Verdict};
pub use watch::{FailedDial, Watch};
