//! The commands that dial: `connect`, `echo`, `chat`; and their other end, `listen`.

pub mod activity;
pub mod chat;
pub mod connect;
pub mod console;
pub mod dial;
pub mod driver;
pub mod echo;
pub mod ending;
mod frames;
pub mod listen;
pub mod news;
mod queue;
pub mod signals;
pub mod status;
