use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::room::Identity;
use crate::wire::{Lane, Style};

/// A message that has no place yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its author.
    pub from: Identity,
    /// What its author is called now.
    pub name: Arc<str>,
    /// The author's running number in this room, from 1.
    pub id: u64,
    /// When it came, in milliseconds since 1970 UTC.
    pub at: u64,
    /// The words.
    pub text: String,
    /// How a bullet comment looks.
    pub style: Option<Style>,
}

/// What tells a repeat from another message with the same number. Engines keep it beside the message; it never changes.
pub type Fingerprint = [u8; 8];

impl Draft {
    /// Of the words and the style. The name is no part of it: it may change between two sendings; nor is the time.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        hash.update(&self.text);
        if let Some(style) = self.style {
            hash.update([0xff]);
            if let Some(colour) = style.colour {
                hash.update([colour.red, colour.green, colour.blue]);
            }
            hash.update(match style.lane {
                Lane::Scroll => b"s",
                Lane::Top => b"t",
                Lane::Bottom => b"b",
            });
        }
        let hash = hash.finalize();
        let mut short = Fingerprint::default();
        short.copy_from_slice(&hash[..8]);
        short
    }
}
