use std::sync::{Arc, Mutex};

use heartline_core::chat::Chat;
use heartline_core::line::{Input, Line, Machine, Timer, Transmit};
use heartline_core::time::Instant;

use crate::{Ledger, Witness};

/// A [`Chat`] with a witness at its side: whatever it tells goes into the ledger as soon as it is polled.
///
/// Who lets it say something polls its events before anything is transmitted, so that nobody sees what was not written down.
#[derive(Debug)]
pub struct Talker {
    /// The client.
    pub chat: Chat,
    /// Who writes down what it tells.
    pub witness: Witness,
    ledger: Arc<Mutex<Ledger>>,
}

impl Talker {
    /// The two together, and the ledger to write into.
    pub fn new(chat: Chat, witness: Witness, ledger: &Arc<Mutex<Ledger>>) -> Self {
        Self { chat, witness, ledger: Arc::clone(ledger) }
    }
}

impl Machine for Talker {
    type Event = ();

    fn handle(&mut self, now: Instant, input: Input) {
        self.chat.handle(now, input);
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.chat.poll_transmit()
    }

    fn poll_event(&mut self) -> Option<()> {
        let event = self.chat.poll_event()?;
        let mut ledger = self.ledger.lock().expect("nobody panics with the ledger in hand");
        self.witness.note(&mut ledger, &self.chat, &event);
        Some(())
    }

    fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.chat.poll_timeout()
    }

    fn line(&self) -> &Line {
        self.chat.line()
    }
}
