//! What things are called at the broker. A room may be called `>` or `a.b`, which mean something in a subject: so it is written in
//! base64url, as authors are anyway.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use heartline_core::room::Identity;

/// The names that begin with a stream's name.
#[derive(Debug)]
pub(super) struct Names {
    /// Of messages: `STREAM.said.ROOM.FROM`.
    pub(super) said: String,
    /// Of what must be known about messages: one per subject.
    pub(super) meta: String,
    /// Of the highest trimmed id of each author: one per subject, until it is too old.
    pub(super) authors: String,
    /// Of what servers tell each other and nobody keeps: who is where.
    here: String,
}

impl Names {
    pub(super) fn new(stream: &str) -> Arc<Self> {
        Arc::new(Self {
            said: stream.to_owned(),
            meta: format!("{stream}_META"),
            authors: format!("{stream}_AUTHORS"),
            here: format!("{stream}_HERE"),
        })
    }

    /// All messages.
    pub(super) fn all(&self) -> String {
        format!("{}.said.*.*", self.said)
    }

    /// All messages of a room.
    pub(super) fn room(&self, room: &str) -> String {
        format!("{}.said.{}.*", self.said, coded(room))
    }

    /// All messages of an author in a room.
    pub(super) fn of(&self, room: &str, from: Identity) -> String {
        format!("{}.said.{}.{from}", self.said, coded(room))
    }

    /// The seq up to which a room was trimmed.
    pub(super) fn room_mark(&self, room: &str) -> String {
        format!("{}.room.{}", self.meta, coded(room))
    }

    /// The highest id that was trimmed of an author in a room.
    pub(super) fn author_mark(&self, room: &str, from: Identity) -> String {
        format!("{}.{}.{from}", self.authors, coded(room))
    }

    /// What seqs count in.
    pub(super) fn epoch(&self) -> String {
        format!("{}.epoch", self.meta)
    }

    /// The last message that a server knows of.
    pub(super) fn note(&self, server: &str) -> String {
        format!("{}.seen.{server}", self.meta)
    }

    /// Those of all servers.
    pub(super) fn notes(&self) -> String {
        self.note("*")
    }

    /// Where the first is of which this one is the repeat.
    pub(super) fn repeat(&self, seq: u64) -> String {
        format!("{}.repeat.{seq}", self.meta)
    }

    /// Those of all repeats.
    pub(super) fn repeats(&self) -> String {
        format!("{}.repeat.*", self.meta)
    }

    /// Says nothing.
    pub(super) fn probe(&self) -> String {
        format!("{}.probe", self.meta)
    }

    /// Who is in a room at a server.
    pub(super) fn roster(&self, room: &str) -> String {
        format!("{}.room.{}", self.here, coded(room))
    }

    /// A server lives.
    pub(super) fn beat(&self) -> String {
        format!("{}.beat", self.here)
    }

    /// All that servers tell each other.
    pub(super) fn all_here(&self) -> String {
        format!("{}.>", self.here)
    }

    /// The seq up to which all was trimmed.
    pub(super) fn trimmed(&self) -> String {
        format!("{}.trimmed", self.meta)
    }
}

fn coded(room: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_one_token_whatever_it_is_called() {
        let names = Names::new("H");
        for room in [">", "*", "a.b", "弹幕", " "] {
            let subject = names.of(room, Identity::of("secret", None));
            assert_eq!(subject.split('.').count(), 4, "{subject}");
            assert!(!subject.contains(['>', '*', ' ']), "{subject}");
        }
    }
}
