//! What the program says outside of a console: news and errors on standard error.

pub mod escape;
pub mod style;

use std::io::{self, Write};

use self::{escape::escaped, style::Tone};

/// One line of news on standard error, marked as the program's. What it quotes from peers cannot command a terminal.
pub fn note(tone: Tone, text: &str, colored: bool) {
    let line = format!("{}\n", tone.paint(format!("heartline: {}", escaped(text)), colored));
    // A standard error that is gone is no reason to stop.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}
