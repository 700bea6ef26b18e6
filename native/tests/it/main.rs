//! The shells over real sockets. One binary, so that it links once.
// Tests say what must be, in their helpers too.
#![allow(clippy::unwrap_used)]

mod chat_bad_input;
mod chat_peer;
mod chat_rooms;
