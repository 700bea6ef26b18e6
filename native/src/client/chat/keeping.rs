//! What a session does so that its messages outlive it.

use std::{io, time::Duration};

use heartline_core::chat::{Event, Keep, RoomEvent};
use serde_json::json;

use super::{
    Session, identity,
    keep::{self, Answer, Keeper, Opened},
};
use crate::{
    cli::chat::ChatConfig,
    client::console::Console,
    output::{escape::escaped, style::Tone},
};

/// The identity the user asked for, and what it left; or a fresh one.
///
/// # Errors
/// Words, if there is no way to begin.
pub(super) fn open(config: &ChatConfig) -> Result<Opened, String> {
    match &config.persist {
        Some(name) => keep::open(&config.line.dialer.endpoint, name).map_err(|error| error.to_string()),
        None => {
            let identity = identity::fresh()?;
            Ok(Opened { identity, stored: Vec::new(), keeper: None, warning: None })
        }
    }
}

/// Tells how it begins.
///
/// # Errors
/// If standard output is gone.
pub(super) fn tell(console: &mut Console, warning: Option<&str>, unsettled: usize) -> io::Result<()> {
    if let Some(why) = warning {
        console.tell(Tone::Warning, &escaped(why), json!({"event": "outbox", "why": why}))?;
    }
    if unsettled > 0 {
        let words = match unsettled {
            1 => "a message of an earlier run is still to be delivered".to_owned(),
            n => format!("{n} messages of an earlier run are still to be delivered"),
        };
        console.tell(Tone::Info, &words, json!({"event": "earlier", "messages": unsettled}))?;
    }
    Ok(())
}

/// The next answer of the disk. Cancel-safe. Where nothing is stored it never comes.
pub(super) async fn answered(keeper: Option<&mut Keeper>) -> Answer {
    match keeper {
        Some(keeper) => keeper.answered().await,
        None => std::future::pending().await,
    }
}

impl Session {
    /// Has something stored, or no longer.
    ///
    /// # Errors
    /// If standard output is gone.
    pub(super) fn keep(&mut self, keep: Keep) -> io::Result<()> {
        match self.keeper.as_ref().and_then(|keeper| keeper.ask(keep)) {
            Some(answer) => self.take_answer(answer),
            None => Ok(()),
        }
    }

    /// # Errors
    /// If standard output is gone.
    pub(super) fn take_answer(&mut self, answer: Answer) -> io::Result<()> {
        let Answer { room, id, outcome } = answer;
        if outcome.is_ok() {
            self.console.tell(Tone::Info, "", json!({"event": "kept", "room": room, "id": id}))?;
        }
        self.driver.with(|chat, now| match outcome {
            Ok(()) => chat.kept(now, &room, id),
            Err(why) => chat.not_kept(now, &room, id, &why),
        });
        Ok(())
    }

    /// Remembers which messages would be lost.
    pub(super) fn note_kept(&mut self, room: &str, what: &RoomEvent) {
        match what {
            RoomEvent::NotKept { id, .. } => {
                self.not_kept.insert((room.to_owned(), *id));
            }
            RoomEvent::Own(own) if own.is_settled() => {
                self.not_kept.remove(&(room.to_owned(), own.id));
            }
            RoomEvent::Own(_)
            | RoomEvent::Joined { .. }
            | RoomEvent::CaughtUp
            | RoomEvent::Refused { .. }
            | RoomEvent::Left { .. }
            | RoomEvent::Entry { .. }
            | RoomEvent::Healing { .. }
            | RoomEvent::Page { .. }
            | RoomEvent::Members { .. } => {}
        }
    }

    /// How many messages are stored and not accepted.
    pub(super) fn left_for_later(&self) -> usize {
        match &self.keeper {
            Some(_) => self.driver.machine().unsettled().saturating_sub(self.not_kept.len()),
            None => 0,
        }
    }

    /// Has the last wishes stored.
    pub(super) async fn stop_keeping(&mut self, limit: Duration) {
        while let Some(event) = self.driver.with(|chat, _| heartline_core::line::Machine::poll_event(chat)) {
            if let (Event::Keep(keep), Some(keeper)) = (event, &self.keeper) {
                keeper.ask(keep);
            }
        }
        if let Some(keeper) = self.keeper.take() {
            keeper.close(limit).await;
        }
    }
}
