//! Where the user is: a terminal with a prompt, or pipes, or a program that reads JSON.
//!
//! | | messages | news about the line |
//! | --- | --- | --- |
//! | a terminal at both ends | above the prompt, escaped | above the prompt, and in it |
//! | a pipe | one line each on standard output | on standard error |
//! | `--json` | one event a line on standard output | likewise |

mod above;
mod editor;
mod rows;
mod screen;
mod stdin;
mod wrap;

use std::io::{self, IsTerminal, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use heartline_core::line::Message;
use serde_json::{Value, json};

use self::{screen::Screen, stdin::Stdin};
use super::dial::Dialer;
use crate::{
    output::{
        escape::escaped,
        style::{ColorChoice, Tone},
    },
    tap::Tap,
};

/// How to read and show.
#[derive(Clone, Copy, Debug)]
pub struct ConsoleOptions {
    /// `--color`.
    pub color: ColorChoice,
    /// `--json`.
    pub json: bool,
    /// `--base64`: binary messages are lines of base64, in and out.
    pub base64: bool,
    /// Never touch standard input.
    pub no_input: bool,
    /// The longest line to read, in bytes.
    pub max_line: usize,
    /// Tell what usually goes without saying.
    pub verbose: bool,
}

/// What came from the user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Typed {
    /// A line, without its end.
    Line(Vec<u8>),
    /// The input is at its end.
    End,
    /// Ctrl-C at the prompt.
    Interrupted,
    /// The input cannot be read any further.
    Unreadable(String),
}

/// The near end of the line. See the module's table.
pub struct Console {
    options: ConsoleOptions,
    input: Input,
    /// Standard output is a terminal: received text must not command it.
    escape: bool,
    stdout_colored: bool,
    stderr_colored: bool,
    /// The latest trouble that was told; see [`Console::tell_trouble`].
    trouble: Option<String>,
}

enum Input {
    Screen(Box<Screen>),
    Pipe(Stdin),
    None,
}

impl Console {
    /// Opens the console that fits what standard input and output are.
    ///
    /// # Errors
    /// If the terminal cannot be taken.
    pub fn open(options: ConsoleOptions) -> io::Result<Self> {
        let (stdin, stdout) = (io::stdin(), io::stdout());
        let at_terminal = stdout.is_terminal();
        let input = if options.no_input {
            Input::None
        } else if stdin.is_terminal() && at_terminal && !options.json {
            Input::Screen(Box::new(Screen::open(options.max_line)?))
        } else {
            Input::Pipe(Stdin::start(options.max_line))
        };
        Ok(Self {
            input,
            escape: at_terminal,
            stdout_colored: options.color.wanted(&stdout),
            stderr_colored: options.color.wanted(&io::stderr()),
            options,
            trouble: None,
        })
    }

    /// The next line of the user's. Cancel-safe. Without input it never comes.
    pub async fn typed(&mut self) -> Typed {
        match &mut self.input {
            Input::Screen(screen) => screen.next().await,
            Input::Pipe(stdin) => stdin.next().await,
            Input::None => std::future::pending().await,
        }
    }

    /// Whether somebody sits at a prompt.
    pub fn is_interactive(&self) -> bool {
        matches!(self.input, Input::Screen(_))
    }

    /// The dialer as it is, but that its trace stands above the prompt, where there is one.
    pub fn traced(&mut self, dialer: Dialer) -> Dialer {
        self.show_trace_of(&dialer.tap);
        dialer
    }

    /// Where there is a prompt, the trace stands above it.
    pub fn show_trace_of(&mut self, tap: &Tap) {
        if let Input::Screen(screen) = &mut self.input {
            tap.trace_to(screen.writer());
        }
    }

    /// Whether standard output is a terminal: received text must not command it.
    pub fn is_at_terminal(&self) -> bool {
        self.escape
    }

    /// Whether input can still come.
    pub fn has_input(&self) -> bool {
        !matches!(self.input, Input::None)
    }

    /// Whether one event a line is written.
    pub fn is_json(&self) -> bool {
        self.options.json
    }

    /// Shows a received message. `event` holds what else the JSON event should say; `who` stands before the text at
    /// a terminal.
    ///
    /// # Errors
    /// If standard output is gone. A broken pipe means the reader has had enough.
    pub fn received(&mut self, message: &Message, who: &str, mut event: Value) -> io::Result<()> {
        if self.options.json {
            match message {
                Message::Text(text) => event["text"] = json!(text),
                Message::Binary(bytes) => event["base64"] = json!(STANDARD.encode(bytes)),
            }
            return self.event(event);
        }
        match (&mut self.input, message) {
            (Input::Screen(_), message) => {
                let line = format!("{who}< {}", shown(message, self.options.base64));
                self.print_line(&Tone::Received.paint(line, self.stdout_colored))
            }
            (Input::Pipe(_) | Input::None, message) if self.escape => {
                let line = shown(message, self.options.base64);
                self.print_line(&Tone::Received.paint(line, self.stdout_colored))
            }
            (_, Message::Text(text)) => write_line(text.as_bytes()),
            (_, Message::Binary(bytes)) if self.options.base64 => {
                write_line(STANDARD.encode(bytes).as_bytes())
            }
            (_, Message::Binary(bytes)) => write_line(bytes),
        }
    }

    /// Shows at a prompt what was sent, and `whom` to; elsewhere the user knows.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn sent(&mut self, message: &Message, whom: &str) -> io::Result<()> {
        if !self.is_interactive() {
            return Ok(());
        }
        let line = format!("{whom}> {}", shown(message, self.options.base64));
        self.print_line(&Tone::Sent.paint(line, self.stdout_colored))
    }

    /// A line of the command's own output, such as a summary: not news, not a received message. Not in JSON.
    ///
    /// # Errors
    /// If standard output is gone.
    pub fn print(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        if self.options.json {
            return Ok(());
        }
        self.print_line(&tone.paint(text, self.stdout_colored))
    }

    /// News: in JSON the event; at a prompt the text above it; else the text on standard error. An empty event or an
    /// empty text is not told.
    ///
    /// # Errors
    /// If standard output is gone. Nobody minds a standard error that is.
    pub fn tell(&mut self, tone: Tone, text: &str, event: Value) -> io::Result<()> {
        if self.options.json {
            return if event.is_null() { Ok(()) } else { self.event(event) };
        }
        if text.is_empty() {
            return Ok(());
        }
        if let Input::Screen(screen) = &mut self.input {
            // News quote what peers say, such as the reason of a close.
            return screen.tell(&format!("* {}", escaped(text)), tone, self.stdout_colored);
        }
        crate::output::note(tone, text, self.stderr_colored);
        Ok(())
    }

    /// News that goes without saying in a pipe: told at a prompt, in JSON, and where `--verbose` asks for it.
    ///
    /// # Errors
    /// As [`Console::tell`].
    pub fn mention(&mut self, tone: Tone, text: &str, event: Value) -> io::Result<()> {
        if self.options.json || self.is_interactive() || self.options.verbose {
            return self.tell(tone, text, event);
        }
        Ok(())
    }

    /// Trouble that comes back with every dial: told once, until [`Console::trouble_is_over`]. In JSON every time.
    ///
    /// # Errors
    /// As [`Console::tell`].
    pub fn tell_trouble(&mut self, what: &str, and_then: &str, event: Value) -> io::Result<()> {
        if self.options.json || self.trouble.as_deref() != Some(what) {
            self.trouble = Some(what.to_owned());
            return self.tell(Tone::Warning, &format!("{what}; {and_then}"), event);
        }
        Ok(())
    }

    /// The next trouble is new, even if it is the same.
    pub fn trouble_is_over(&mut self) {
        self.trouble = None;
    }

    /// Says in the prompt how the line is.
    pub fn set_status(&mut self, tone: Tone, text: &str) {
        if let Input::Screen(screen) = &mut self.input {
            screen.set_prompt(tone, text, self.stdout_colored);
        }
    }

    /// One JSON event as a line, with the time in milliseconds since 1970.
    fn event(&mut self, mut event: Value) -> io::Result<()> {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        event["at"] = json!(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        write_line(event.to_string().as_bytes())
    }

    fn print_line(&mut self, line: &str) -> io::Result<()> {
        match &mut self.input {
            Input::Screen(screen) => screen.print(line),
            Input::Pipe(_) | Input::None => write_line(line.as_bytes()),
        }
    }
}

/// A message as a line for a terminal.
fn shown(message: &Message, base64: bool) -> String {
    /// Bytes of a binary message that are worth a look.
    const LOOK: usize = 24;
    match message {
        Message::Text(text) => escaped(text).into_owned(),
        Message::Binary(bytes) if base64 => STANDARD.encode(bytes),
        Message::Binary(bytes) => {
            let hex: Vec<String> = bytes.iter().take(LOOK).map(|byte| format!("{byte:02x}")).collect();
            let more = if bytes.len() > LOOK { " …" } else { "" };
            format!("(binary, {} bytes) {}{more}", bytes.len(), hex.join(" "))
        }
    }
}

/// Writes in one go, so that lines of two writers do not mix.
fn write_line(bytes: &[u8]) -> io::Result<()> {
    let mut line = Vec::with_capacity(bytes.len() + 1);
    line.extend_from_slice(bytes);
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_as_lines() {
        assert_eq!(shown(&Message::Text("a\x1b[1m\nb".into()), false), "a\\x1b[1m\\nb");
        assert_eq!(shown(&Message::Binary(vec![0, 255]), false), "(binary, 2 bytes) 00 ff");
        assert_eq!(shown(&Message::Binary(vec![0, 255]), true), "AP8=");
        assert!(shown(&Message::Binary(vec![1; 30]), false).ends_with("01 …"));
    }
}
