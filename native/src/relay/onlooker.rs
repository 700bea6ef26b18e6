//! Whoever looks at a connection: from its beginning, or from the moment somebody came to look.

use std::sync::{Mutex, MutexGuard, PoisonError};

use heartline_core::frame::Side;

use crate::tap::{Tap, Wire};

/// Bytes of both heads that are kept for whoever comes later; of longer ones nobody sees more than the beginning or the end.
const HEADS: usize = 128 << 10;

/// The way from the bytes of one connection to those who look.
pub(super) struct Onlooker {
    tap: Tap,
    number: u64,
    far: String,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    wire: Option<Wire>,
    /// The heads, while nobody looks: who comes later is told them first.
    client_head: Vec<u8>,
    server_head: Vec<u8>,
    /// What this side sends is followed.
    follows_client: bool,
    follows_server: bool,
}

impl Onlooker {
    /// For the connection with this number to `far`.
    pub(super) fn new(tap: Tap, number: u64, far: String) -> Self {
        let wire = tap.wire(number, &far, false);
        let follows = wire.is_some();
        let seen = Seen { wire, follows_client: follows, follows_server: follows, ..Seen::default() };
        Self { tap, number, far, seen: Mutex::new(seen) }
    }

    /// A head, or a part of one, has passed.
    pub(super) fn head(&self, side: Side, bytes: &[u8]) {
        let mut seen = self.seen();
        match &mut seen.wire {
            Some(wire) => wire.passed(side, bytes),
            None => {
                let head = if side == Side::Client { &mut seen.client_head } else { &mut seen.server_head };
                let room = (HEADS / 2).saturating_sub(head.len()).min(bytes.len());
                head.extend_from_slice(&bytes[..room]);
            }
        }
    }

    /// What follows a head has passed. `begins_frame` says whether it begins between two frames: there one can join.
    pub(super) fn passed(&self, side: Side, bytes: &[u8], begins_frame: impl FnOnce() -> bool) {
        let mut seen = self.seen();
        if !seen.follows(side) {
            if !self.tap.is_wanted() || !begins_frame() {
                return;
            }
            if seen.wire.is_none() {
                seen.wire = self.tap.wire(self.number, &self.far, true);
                let (client, server) =
                    (std::mem::take(&mut seen.client_head), std::mem::take(&mut seen.server_head));
                if let Some(wire) = &mut seen.wire {
                    wire.passed(Side::Client, &client);
                    wire.passed(Side::Server, &server);
                }
            }
            match side {
                Side::Client => seen.follows_client = true,
                Side::Server => seen.follows_server = true,
            }
        }
        if let Some(wire) = &mut seen.wire {
            wire.passed(side, bytes);
        }
    }

    /// Whether nobody looks at what this side sends.
    pub(super) fn is_blind(&self, side: Side) -> bool {
        !self.seen().follows(side) && !self.tap.is_wanted()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    const fn follows(&self, side: Side) -> bool {
        match side {
            Side::Client => self.follows_client,
            Side::Server => self.follows_server,
        }
    }
}
