//! The commands that dial: `connect`, `echo`, `chat`; and their other end, `listen`.

pub mod activity;
pub mod dial;
pub mod driver;
