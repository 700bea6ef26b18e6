//! A chat client with a witness at its side.

use std::sync::{Arc, Mutex};

use heartline_core::chat::{Chat, ChatConfig, ClientSecret, Identity};
use heartline_core::line::LineConfig;
use heartline_ledger::{Ledger, Talker, Witness};

/// The `run`th run of the program of this person.
pub(crate) fn talker(
    ledger: &Arc<Mutex<Ledger>>,
    line: LineConfig,
    person: usize,
    run: u64,
    seed: u64,
) -> Talker {
    let secret = ClientSecret::from_random(&[u8::try_from(person).unwrap(); 16]).unwrap();
    let from = heartline_core::room::Identity::of(secret.as_str(), None).to_string();
    let name = format!("person {person}");
    let member = if run == 0 { name.clone() } else { format!("{name} (run {})", run + 1) };
    let identity = Identity::new(secret, 1_000_000 * (run + 1));
    let chat = Chat::new(ChatConfig { line, identity, name, token: None }, seed).unwrap();
    Talker::new(chat, Witness::new(&member, &from), ledger)
}
