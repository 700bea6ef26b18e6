//! A terminal with line editing: what comes stands above the prompt, the prompt tells how the line is.

use std::io::{self, Write};

use rustyline_async::{Readline, ReadlineError, ReadlineEvent, SharedWriter};

use super::Typed;

/// The prompt line and what is above it. Dropping it gives the terminal back as it was.
pub(super) struct Screen {
    readline: Readline,
    writer: SharedWriter,
    prompt: String,
    ended: bool,
}

impl Screen {
    /// Takes the terminal.
    pub(super) fn open() -> io::Result<Self> {
        let prompt = String::from("› ");
        let (mut readline, writer) = Readline::new(prompt.clone()).map_err(into_io)?;
        // What was typed is shown as a message of its own, in the order it was sent.
        readline.should_print_line_on(false, false);
        Ok(Self { readline, writer, prompt, ended: false })
    }

    /// The next line typed. Cancel-safe.
    pub(super) async fn next(&mut self) -> Typed {
        if self.ended {
            return Typed::End;
        }
        match self.readline.readline().await {
            Ok(ReadlineEvent::Line(line)) => {
                if !line.trim().is_empty() {
                    self.readline.add_history_entry(line.clone());
                }
                Typed::Line(line.into_bytes())
            }
            Ok(ReadlineEvent::Eof) => {
                self.ended = true;
                self.take_back_prompt();
                Typed::End
            }
            Ok(ReadlineEvent::Interrupted) => Typed::Interrupted,
            Err(error) => {
                self.ended = true;
                Typed::Unreadable(error.to_string())
            }
        }
    }

    /// The library leaves the prompt behind when the input ends, one line up. A session ends without it.
    fn take_back_prompt(&mut self) {
        let mut stdout = io::stdout().lock();
        // A terminal that is gone says so at the next line.
        let _ = stdout.write_all(b"\x1b[1A\r\x1b[J").and_then(|()| stdout.flush());
    }

    /// Writes one line above the prompt.
    pub(super) fn print(&mut self, line: &str) -> io::Result<()> {
        let bytes = format!("{line}\n").into_bytes();
        match self.writer.write(&bytes) {
            // Lines come faster than the prompt is served: make room now. The writer has kept the line.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readline.flush().map_err(into_io)?;
                self.writer.write(b"").map(drop)?;
                self.readline.update_prompt(&self.prompt).map_err(into_io)
            }
            outcome => outcome.map(drop),
        }
    }

    /// Sets the prompt. Does nothing if it stays the same.
    pub(super) fn set_prompt(&mut self, prompt: String) -> io::Result<()> {
        if prompt == self.prompt || self.ended {
            return Ok(());
        }
        self.prompt = prompt;
        self.readline.update_prompt(&self.prompt).map_err(into_io)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // The last lines, and no prompt below them.
        let _ = self.readline.flush();
    }
}

fn into_io(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::IO(error) => error,
        ReadlineError::Closed => io::Error::other("the terminal is closed"),
    }
}
