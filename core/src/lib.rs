//! WebSockets that know when the line is dead, say who cut it, and lose nothing when it is.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::disallowed_methods))] // tests may panic and read clocks

pub mod backoff;
pub mod close;
pub mod heartbeat;
pub mod line;
pub mod outbox;
pub mod policy;
pub mod rtt;
pub mod time;
pub mod wire;
