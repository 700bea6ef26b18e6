//! `heartline chat`: what is typed, and what it comes to.

use std::time::Duration;

use clap::Args;
use heartline_core::{
    chat::{check_member_name, check_room_name},
    wire::{BearerToken, PROTOCOL},
};
use url::Url;

use super::{
    GlobalArgs, UsageError,
    line::{LineArgs, ResolvedLine},
    quantity::duration,
};
use crate::client::{chat::keep::check_name, console::ConsoleOptions, dial::TokenCommand};

/// The flags of `heartline chat`.
#[derive(Args, Clone, Debug)]
#[command(
    after_long_help = "A page's address serves too: http://host:8080 and ws://host:8080 mean ws://host:8080/chat."
)]
pub struct ChatArgs {
    /// Where to and how.
    #[command(flatten)]
    pub line: LineArgs,

    /// The room to be in.
    #[arg(long, short = 'r', value_name = "ROOM", default_value = "lobby", help_heading = "Chat")]
    pub room: String,
    /// What others call you.
    #[arg(
        long,
        short = 'N',
        value_name = "NAME",
        env = "USER",
        default_value = "guest",
        help_heading = "Chat"
    )]
    pub name: String,
    /// What proves who you are, where the server asks for it. Everybody on this machine can read a command line: give it by
    /// HEARTLINE_TOKEN, or by --token-command.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "HEARTLINE_TOKEN",
        hide_env_values = true,
        help_heading = "Chat"
    )]
    pub token: Option<String>,
    /// Run this command of the shell for each dial, and before the token ends: what it writes is the token. Goes before
    /// --token. If it fails, the dial has failed.
    #[arg(long, value_name = "COMMAND", help_heading = "Chat")]
    pub token_command: Option<String>,
    /// Once the input has ended and all is accepted, stay this long for what may still come.
    #[arg(long, short = 'w', value_name = "TIME", value_parser = duration, default_value = "0", help_heading = "Chat")]
    pub wait: Duration,
    /// Keep this identity, and what was not accepted, in the user's data directory: the next run sends it, once. Give it
    /// a name to have several.
    #[arg(
        long,
        value_name = "NAME",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "default",
        help_heading = "Chat"
    )]
    pub persist: Option<String>,
    /// Only listen: never read standard input, stay for ever.
    #[arg(long, help_heading = "Chat")]
    pub no_input: bool,
    /// Write one JSON event a line to standard output, for bots. Lines in are messages all the same.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// What the flags come to.
pub struct ChatConfig {
    /// The line.
    pub line: ResolvedLine,
    /// The console.
    pub console: ConsoleOptions,
    /// The room to be in.
    pub room: String,
    /// What others call us.
    pub name: String,
    /// Who we are, where the server asks for it.
    pub token: Option<BearerToken>,
    /// How long to stay once all is said.
    pub wait: Duration,
    /// The name of the identity that outlives the run, if one does.
    pub persist: Option<String>,
}

impl ChatArgs {
    /// Checks what can be checked before a dial.
    ///
    /// # Errors
    /// [`UsageError`] with the flag at fault and what would be right.
    pub fn resolve(mut self, global: GlobalArgs) -> Result<ChatConfig, UsageError> {
        check_room_name(&self.room).map_err(|fault| UsageError(format!("--room cannot be that: {fault}")))?;
        check_member_name(&self.name)
            .map_err(|fault| UsageError(format!("--name cannot be that: {fault}")))?;
        if let Some(name) = &self.persist {
            check_name(name).map_err(|wrong| UsageError(format!("--persist={name}: {wrong}")))?;
        }
        self.line.dial.url = chat_url(&self.line.dial.url);
        let mut line = self.line.resolve()?;
        line.dialer
            .request
            .add_subprotocols(PROTOCOL)
            .map_err(|error| UsageError(format!("--subprotocol: {error}")))?;
        let console = ConsoleOptions {
            color: global.color,
            json: self.json,
            base64: false,
            no_input: self.no_input,
            max_line: self.line.dial.max_message,
            verbose: global.verbose,
        };
        let Self { room, name, token, token_command, wait, persist, .. } = self;
        // An empty variable is one that is not set. The words never repeat what was given.
        let token = token.filter(|token| token_command.is_none() && !token.is_empty());
        let token = token
            .map(|token| BearerToken::parse(&token))
            .transpose()
            .map_err(|fault| UsageError(format!("--token, or HEARTLINE_TOKEN: {fault}")))?;
        line.config.token_source = token_command.is_some();
        line.dialer.token_command = token_command.map(TokenCommand::new);
        Ok(ChatConfig { line, console, room, name, token, wait, persist })
    }
}

/// A page's address as that of its chat; an address with a path of its own stays as it is.
fn chat_url(typed: &str) -> String {
    let scheme =
        match typed.trim().split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase()).as_deref() {
            Some("http" | "ws") => "ws",
            Some("https" | "wss") => "wss",
            Some(_) | None => return typed.to_owned(),
        };
    let rest = typed.trim().split_once("://").map_or("", |(_, rest)| rest);
    let typed = format!("{scheme}://{rest}");
    let Ok(mut url) = Url::parse(&typed) else { return typed };
    url.set_fragment(None);
    if url.path() == "/" {
        url.set_path("/chat");
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pages_address_is_that_of_its_chat() {
        for (typed, dialled) in [
            ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/chat"),
            ("https://example.com/#room", "wss://example.com/chat"),
            ("ws://[::1]:8080/", "ws://[::1]:8080/chat"),
            ("ws://example.com/rooms?x=1", "ws://example.com/rooms?x=1"),
            ("unix:/run/x.sock:/chat", "unix:/run/x.sock:/chat"),
            ("example.com", "example.com"),
        ] {
            assert_eq!(chat_url(typed), dialled);
        }
    }
}
