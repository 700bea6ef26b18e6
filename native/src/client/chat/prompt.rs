//! What is typed at a prompt, and what the prompt says.

use std::time::Instant;

use heartline_core::{
    chat::Chat,
    line::{Machine as _, State},
};

use crate::{client::status, output::style::Tone};

/// How many messages `/more` asks for.
pub(super) const PAGE: u32 = 50;

/// What can be typed besides messages.
pub(super) const HELP: [&str; 5] = [
    "/who    who is here",
    "/more   older messages",
    "/quit   leave, once all is said (as Ctrl-D does)",
    "/help   this",
    "//…     says a message that begins with one /",
];

/// A line typed at a prompt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Command {
    /// Enter alone is a slip.
    Nothing,
    Say(String),
    Who,
    More,
    Quit,
    Help,
    Unknown(String),
}

impl Command {
    pub(super) fn read(line: String) -> Self {
        if line.trim().is_empty() {
            return Self::Nothing;
        }
        let Some(word) = line.strip_prefix('/') else { return Self::Say(line) };
        if word.starts_with('/') {
            return Self::Say(word.to_owned());
        }
        match word.trim() {
            "who" => Self::Who,
            "more" => Self::More,
            "quit" => Self::Quit,
            "help" => Self::Help,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// How the line is, and how much is still to be delivered.
pub(super) fn status(chat: &Chat, now: Instant) -> (Tone, String) {
    let (tone, text) = match chat.line().state() {
        State::Open if !chat.is_welcome() => (Tone::Warning, "◌ saying hello".to_owned()),
        State::Idle
        | State::Connecting { .. }
        | State::Open
        | State::Suspect
        | State::Waiting { .. }
        | State::Closed(_) => status::status(chat.line(), now),
    };
    match chat.unsettled() {
        0 => (tone, text),
        waiting => (tone, format!("{text}, {waiting} to be delivered")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_messages_unless_they_begin_with_one_slash() {
        for (typed, command) in [
            ("  ", Command::Nothing),
            ("hello /who", Command::Say("hello /who".to_owned())),
            ("/who ", Command::Who),
            ("//etc", Command::Say("/etc".to_owned())),
            ("/etc", Command::Unknown("etc".to_owned())),
        ] {
            assert_eq!(Command::read(typed.to_owned()), command);
        }
    }
}
