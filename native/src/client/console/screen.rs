//! A terminal with line editing: what comes stands above the prompt, the prompt tells how the line is.

use std::{
    io::{self, Write},
    time::Duration,
};

use crossterm::{
    event::{self, Event, EventStream},
    terminal,
};
use futures_util::StreamExt;

use super::{
    Typed,
    above::{self, Above, Lines},
    editor::{Done, Editor},
    rows::{Prompt, Rows, Size},
    wrap::wrapped,
};
use crate::output::style::Tone;

/// Empties the window and goes to its first cell.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// Keys that follow each other so closely come from no fingers. Nothing else is done meanwhile, and without some time
/// at all the library does not look.
const PASTED: Duration = Duration::from_millis(1);

/// The prompt line and what is above it. Dropping it gives the terminal back as it was.
pub(super) struct Screen {
    keys: EventStream,
    editor: Editor,
    prompt: Prompt,
    rows: Rows,
    size: Size,
    /// What others want to have above the prompt.
    lines: Option<Lines>,
    /// What is painted is what there is.
    painted: bool,
    ended: bool,
}

impl Screen {
    /// Takes the terminal. A line may have `max_line` bytes.
    pub(super) fn open(max_line: usize) -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        Ok(Self {
            keys: EventStream::new(),
            editor: Editor::new(max_line),
            prompt: Prompt { text: "› ".to_owned(), tone: Tone::Info, colored: false },
            rows: Rows::default(),
            // A terminal that does not know its size is like most.
            size: Size::new(terminal::size().unwrap_or_default()),
            lines: None,
            painted: false,
            ended: false,
        })
    }

    /// A writer for others of lines above the prompt. There is one: the next takes its place.
    pub(super) fn writer(&mut self) -> Above {
        let (above, lines) = above::channel();
        self.lines = Some(lines);
        above
    }

    /// The next line typed. Cancel-safe.
    pub(super) async fn next(&mut self) -> Typed {
        while !self.ended {
            if let Err(error) = self.paint() {
                return self.end(Typed::Unreadable(error.to_string()));
            }
            let mut next = tokio::select! {
                key = self.keys.next() => key,
                line = above::next(self.lines.as_mut()) => {
                    if let Err(error) = self.print(&line) {
                        return self.end(Typed::Unreadable(error.to_string()));
                    }
                    continue;
                }
            };
            loop {
                match next {
                    Some(Ok(event)) => match self.handle(event) {
                        Ok(None) => {}
                        Ok(Some(typed)) => return typed,
                        Err(error) => return self.end(Typed::Unreadable(error.to_string())),
                    },
                    Some(Err(error)) => return self.end(Typed::Unreadable(error.to_string())),
                    None => return self.end(Typed::End),
                }
                // What was pasted is painted once, not once a character. (The stream keeps the first waker it is
                // polled with, so it must not be asked by one that wakes nobody.)
                if !matches!(event::poll(PASTED), Ok(true)) {
                    break;
                }
                next = Some(event::read());
            }
        }
        Typed::End
    }

    /// Writes one line above the prompt.
    pub(super) fn print(&mut self, line: &str) -> io::Result<()> {
        self.painted = false;
        write(&format!("{}{line}\r\n", self.rows.erase(self.size)))
    }

    /// Writes news above the prompt, broken between words.
    pub(super) fn tell(&mut self, text: &str, tone: Tone, colored: bool) -> io::Result<()> {
        let rows = wrapped(text, self.size.columns());
        self.print(&tone.paint(rows, colored))
    }

    /// Sets the prompt, to be seen when the next line is waited for.
    pub(super) fn set_prompt(&mut self, tone: Tone, text: &str, colored: bool) {
        let prompt = Prompt { text: format!("{text} › "), tone, colored };
        self.painted &= prompt == self.prompt;
        self.prompt = prompt;
    }

    fn handle(&mut self, event: Event) -> io::Result<Option<Typed>> {
        self.painted = false;
        match event {
            Event::Key(key) => match self.editor.key(key) {
                None => Ok(None),
                Some(Done::Line(line)) => Ok(Some(Typed::Line(line.into_bytes()))),
                Some(Done::End) => Ok(Some(self.end(Typed::End))),
                Some(Done::Interrupted) => Ok(Some(Typed::Interrupted)),
                Some(Done::Clear) => {
                    self.rows.erase(self.size);
                    write(CLEAR).map(|()| None)
                }
                Some(Done::Suspended) => self.suspend().map(|()| None),
            },
            Event::Resize(columns, rows) => {
                self.size = Size::new((columns, rows));
                Ok(None)
            }
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) => Ok(None),
        }
    }

    /// Gives the terminal back, and stops until the shell says to go on. What comes meanwhile waits in the network.
    #[cfg(unix)]
    fn suspend(&mut self) -> io::Result<()> {
        use rustix::process::{Signal, kill_current_process_group};
        write(&self.rows.erase(self.size))?;
        terminal::disable_raw_mode()?;
        kill_current_process_group(Signal::TSTP)?;
        terminal::enable_raw_mode()?;
        // The window may have another size by now.
        self.size = Size::new(terminal::size().unwrap_or_default());
        Ok(())
    }

    /// Where there is no such thing as a stopped program, the key does nothing.
    #[cfg(not(unix))]
    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn paint(&mut self) -> io::Result<()> {
        if self.painted {
            return Ok(());
        }
        let erase = self.rows.erase(self.size);
        let (line, cursor) = (self.editor.line(), self.editor.cursor());
        write(&(erase + &self.rows.paint(&self.prompt, line, cursor, self.size)))?;
        self.painted = true;
        Ok(())
    }

    /// A session ends without its prompt.
    fn end(&mut self, last: Typed) -> Typed {
        self.ended = true;
        // A terminal that is gone says so at the next line.
        let _ = write(&self.rows.erase(self.size));
        last
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = write(&self.rows.erase(self.size));
        let _ = terminal::disable_raw_mode();
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
