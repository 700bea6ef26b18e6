//! A chat client with a witness at its side.

use std::cell::RefCell;
use std::rc::Rc;

use heartline_core::chat::{Chat, ChatConfig, ClientSecret, Identity};
use heartline_core::line::{Input, Line, LineConfig, Machine, Timer, Transmit};
use heartline_core::time::Instant;
use heartline_ledger::{Ledger, Witness};

/// A chat client; whatever it is told goes into the ledger at once.
#[derive(Debug)]
pub(crate) struct Talker {
    pub(crate) chat: Chat,
    pub(crate) witness: Witness,
    ledger: Rc<RefCell<Ledger>>,
}

impl Talker {
    /// The `run`th run of the program of this person.
    pub(crate) fn new(
        ledger: &Rc<RefCell<Ledger>>,
        line: LineConfig,
        person: usize,
        run: u64,
        seed: u64,
    ) -> Self {
        let secret = ClientSecret::from_random(&[u8::try_from(person).unwrap(); 16]).unwrap();
        let from = heartline_core::room::Identity::of(secret.as_str(), None).to_string();
        let name = format!("person {person}");
        let member = if run == 0 { name.clone() } else { format!("{name} (run {})", run + 1) };
        let identity = Identity::new(secret, 1_000_000 * (run + 1));
        let chat = Chat::new(ChatConfig { line, identity, name, token: None }, seed).unwrap();
        Self { chat, witness: Witness::new(&member, &from), ledger: Rc::clone(ledger) }
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
        self.witness.note(&mut self.ledger.borrow_mut(), &self.chat, &event);
        Some(())
    }

    fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.chat.poll_timeout()
    }

    fn line(&self) -> &Line {
        self.chat.line()
    }
}
