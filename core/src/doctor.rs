//! Who cuts a line, by what means, after how long, and what to set.
//!
//! A shell holds several lines side by side, each with one kind of life only, and writes down what each lived through: a
//! [`Story`]. The doctor reasons over the stories alone: only what this line did is evidence.

mod seconds;
mod story;
mod survey;

pub use story::{Ending, Fate, How, Life, Mark, Sign, Standing, Story, TcpState};
pub use survey::{
    Address, FirstMessage, Handshake, HandshakeVerdict, Pointer, Reached, RoundTrips, ServerPings, Survey,
    Tls,
};
