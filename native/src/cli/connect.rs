//! `heartline connect`: what is typed, and what it comes to.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use heartline_core::line::Message;

use super::{
    GlobalArgs, UsageError,
    line::{LineArgs, ResolvedLine},
    quantity::duration,
};
use crate::client::console::ConsoleOptions;

/// How long a pipe's last message waits for an answer, unless told otherwise: long enough for a server far away,
/// short enough for a script.
pub(crate) const WAIT: Duration = Duration::from_secs(2);

/// The flags of `heartline connect`.
#[derive(Args, Clone, Debug)]
pub struct ConnectArgs {
    /// Where to and how.
    #[command(flatten)]
    pub line: LineArgs,
    /// What goes in and out.
    #[command(flatten)]
    pub messages: MessageArgs,
    /// Send this once the line is open, before anything of the input (repeatable).
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Messages")]
    pub send: Vec<String>,
    /// End after so many messages have come. If a line is lost that something was sent on, the rest is not waited for:
    /// what was left to send still goes out, on the next line, and is given 2 s. Fewer is exit code 40, or that of the line.
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Messages")]
    pub count: Option<u64>,
    /// Once the input has ended and all is sent, wait this long for what may still come, then close. In a pipe: 2 s,
    /// or with --count until all have come; at a prompt: 0; with --no-input: for ever.
    #[arg(long, short = 'w', value_name = "TIME", value_parser = duration, help_heading = "Messages")]
    pub wait: Option<Duration>,
}

/// How messages are written and read, the same for every command that has plain ones.
#[derive(Args, Clone, Copy, Debug)]
pub struct MessageArgs {
    /// Never read standard input.
    #[arg(long, help_heading = "Messages")]
    pub no_input: bool,
    /// Send lines as binary messages.
    #[arg(long, short = 'b', help_heading = "Messages")]
    pub binary: bool,
    /// Binary messages are lines of base64, in and out; what is sent is binary.
    #[arg(long, help_heading = "Messages")]
    pub base64: bool,
    /// Write one JSON event a line to standard output.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// What the flags come to.
pub struct ConnectConfig {
    /// The line.
    pub line: ResolvedLine,
    /// The console.
    pub console: ConsoleOptions,
    /// How lines become messages.
    pub encoding: Encoding,
    /// What to send first.
    pub send: Vec<Message>,
    /// After how many received messages to end.
    pub count: Option<u64>,
    /// `--wait`, where it was given.
    pub wait: Option<Duration>,
}

/// How a line of input becomes a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// As text.
    Text,
    /// Its bytes, as binary.
    Binary,
    /// Decoded, as binary.
    Base64,
}

impl ConnectArgs {
    /// Checks what can be checked before a dial.
    ///
    /// # Errors
    /// [`UsageError`] with the flag at fault and what would be right.
    pub fn resolve(self, global: GlobalArgs) -> Result<ConnectConfig, UsageError> {
        let encoding = self.messages.encoding();
        let encode = |text: String| {
            encoding.message(text.into_bytes()).map_err(|why| UsageError(format!("--send: {why}")))
        };
        Ok(ConnectConfig {
            line: self.line.resolve()?,
            console: self.messages.console(global, self.line.dial.max_message),
            encoding,
            send: self.send.into_iter().map(encode).collect::<Result<_, _>>()?,
            count: self.count,
            wait: self.wait,
        })
    }
}

impl MessageArgs {
    /// How lines become messages.
    pub fn encoding(self) -> Encoding {
        match (self.base64, self.binary) {
            (true, _) => Encoding::Base64,
            (false, true) => Encoding::Binary,
            (false, false) => Encoding::Text,
        }
    }

    /// The console these flags ask for.
    pub fn console(self, global: GlobalArgs, max_line: usize) -> ConsoleOptions {
        ConsoleOptions {
            color: global.color,
            json: self.json,
            base64: self.base64,
            no_input: self.no_input,
            max_line,
            verbose: global.verbose,
        }
    }
}

impl ConnectConfig {
    /// How long to wait once the input has ended and all is sent; `None` for ever.
    pub fn wait(&self, interactive: bool) -> Option<Duration> {
        match self.wait {
            Some(wait) => Some(wait),
            None if self.console.no_input => None,
            None if interactive => Some(Duration::ZERO),
            None if self.count.is_some() => None,
            None => Some(WAIT),
        }
    }
}

impl Encoding {
    /// The message a line stands for.
    ///
    /// # Errors
    /// Words on what is wrong with the line, and which flag would take it.
    pub fn message(self, line: Vec<u8>) -> Result<Message, &'static str> {
        match self {
            Self::Text => match String::from_utf8(line) {
                Ok(text) => Ok(Message::Text(text)),
                Err(_) => Err("this is not UTF-8, which text messages are: use --binary or --base64"),
            },
            Self::Binary => Ok(Message::Binary(line)),
            Self::Base64 => match STANDARD.decode(line.trim_ascii()) {
                Ok(bytes) => Ok(Message::Binary(bytes)),
                Err(_) => Err("this is not base64"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_messages() {
        assert_eq!(Encoding::Text.message(b"hi".to_vec()), Ok(Message::Text("hi".into())));
        assert!(Encoding::Text.message(vec![0xff]).is_err());
        assert_eq!(Encoding::Binary.message(vec![0xff]), Ok(Message::Binary(vec![0xff])));
        assert_eq!(Encoding::Base64.message(b" AP8= ".to_vec()), Ok(Message::Binary(vec![0, 255])));
        assert!(Encoding::Base64.message(b"***".to_vec()).is_err());
    }
}
