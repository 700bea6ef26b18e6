//! Whatever text comes, it is a message of `heartline.v1` or none; and what was a message is the same one again when it is written.
#![no_main]

use heartline_core::wire::{ClientMessage, ServerMessage};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(message) = ClientMessage::decode(text) {
        assert_eq!(ClientMessage::decode(&message.encode()).as_ref(), Ok(&message));
    }
    if let Ok(message) = ServerMessage::decode(text) {
        assert_eq!(ServerMessage::decode(&message.encode()).as_ref(), Ok(&message));
    }
});
