//! Heartline for the terminal: clients that know when the line is dead, and a server to meet in.
//!
//! The decisions live in `heartline-core`; here are its sockets, clocks and terminals. This library exists for the
//! program's own tests.

pub mod cli;
pub mod client;
pub mod exit_code;
pub mod net;
pub mod output;
pub mod server;
