//! What is shown: progress while it goes on, then the report in words.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use heartline_core::doctor::{Cause, Fate, Report, Statement, Survey, Verdict};

use super::watch::Scene;
use crate::{
    cli::GlobalArgs,
    output::{escape::escaped, style::Tone},
};

/// Columns of text that people read without losing the line.
const WIDEST: usize = 110;
const NARROWEST: usize = 40;
/// Where the words begin behind what they are about.
const MARGIN: usize = 14;

/// Progress on standard error: one line that is painted over at a terminal, one line for each thing that happens in a pipe.
pub(super) struct Progress {
    length: Duration,
    painted: bool,
    colored: bool,
}

impl Progress {
    pub(super) fn new(length: Duration, global: GlobalArgs) -> Self {
        let stderr = io::stderr();
        Self { length, painted: stderr.is_terminal(), colored: global.color.wanted(&stderr) }
    }

    pub(super) fn show(&mut self, scene: &Scene<'_>) {
        match scene {
            Scene::Standing { lines, at } => {
                if self.painted {
                    let (at, length) = (at.as_secs(), self.length.as_secs_f64());
                    self.paint(&format!(
                        "{at} of {length} s, {lines} lines stand; Ctrl-C ends it with what is known"
                    ));
                }
            }
            Scene::Over(story) => {
                if let Fate::Ended(ending) = &story.fate {
                    let words = format!(
                        "{:.1} s: line {} ({}) ended after {:.1} s: {}",
                        ending.at.as_secs_f64(),
                        story.number,
                        story.life.words(),
                        ending.at.saturating_sub(story.opened).as_secs_f64(),
                        ending.how.words()
                    );
                    self.line(Tone::Warning, &words);
                }
            }
            Scene::NotOpened(failed) => {
                self.line(
                    Tone::Warning,
                    &format!("{:.1} s: no line: {}", failed.at.as_secs_f64(), failed.why),
                );
            }
            Scene::Asking => {
                if self.painted {
                    self.paint("asking the lines that are left whether they stand");
                }
            }
        }
    }

    /// Takes the painted line away.
    pub(super) fn end(&mut self) {
        if self.painted {
            self.write("\r\x1b[K");
        }
    }

    fn paint(&mut self, words: &str) {
        let words = Tone::Info.paint(words, self.colored);
        self.write(&format!("\r\x1b[K{words}"));
    }

    fn line(&mut self, tone: Tone, words: &str) {
        let clear = if self.painted { "\r\x1b[K" } else { "" };
        let words = tone.paint(escaped(words), self.colored);
        self.write(&format!("{clear}{words}\n"));
    }

    fn write(&mut self, text: &str) {
        // A standard error that is gone is no reason to stop.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// The survey as a table.
pub(super) fn survey(url: &str, survey: &Survey, page: &mut Page) {
    page.line(Tone::Sent, url);
    for (what, value) in survey.rows() {
        page.entry("", what, &value);
    }
}

/// The verdict in words.
pub(super) fn verdict(report: &Report, page: &mut Page) {
    let Verdict { cause, headline, evidence, conclusion, advice, keepalives, .. } = &report.verdict;
    // What only the watch could find out.
    for (what, value) in report.survey.rows().iter().filter(|(what, _)| ["pings us", "HTTP"].contains(what)) {
        page.entry("", what, value);
    }
    page.blank();
    let tone = if *cause == Cause::NothingEnded { Tone::Good } else { Tone::Bad };
    page.paragraph(tone, headline);
    for (title, statements) in [("Evidence", evidence), ("Conclusion", conclusion), ("Advice", advice)] {
        if !statements.is_empty() {
            page.title(title);
        }
        for Statement { sureness, text } in statements {
            page.entry("  ", sureness.word(), text);
        }
    }
    page.title("Three keep-alives on this line");
    for keepalive in keepalives {
        page.entry("  ", "", &keepalive.text);
    }
}

/// Text for standard output, in lines that fit.
pub(super) struct Page {
    text: String,
    width: usize,
    colored: bool,
}

impl Page {
    pub(super) fn new(global: GlobalArgs) -> Self {
        let stdout = io::stdout();
        let columns = if stdout.is_terminal() { crossterm::terminal::size().ok() } else { None };
        let width = columns.map_or(WIDEST, |(columns, _)| usize::from(columns).clamp(NARROWEST, WIDEST));
        Self { text: String::new(), width, colored: global.color.wanted(&stdout) }
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn title(&mut self, title: &str) {
        self.blank();
        self.line(Tone::Info, title);
    }

    fn line(&mut self, tone: Tone, words: &str) {
        self.text.push_str(&tone.paint(escaped(words), self.colored));
        self.text.push('\n');
    }

    fn paragraph(&mut self, tone: Tone, words: &str) {
        let lines = fold(words, self.width);
        for line in lines {
            self.text.push_str(&tone.paint(line, self.colored));
            self.text.push('\n');
        }
    }

    /// A word, and beside it as many lines as are needed.
    fn entry(&mut self, indent: &str, what: &str, words: &str) {
        let margin = if what.is_empty() { indent.len() } else { MARGIN };
        let mut lead = if what.is_empty() { indent.to_owned() } else { format!("{indent}{what} ") };
        for line in fold(words, self.width - margin) {
            self.text.push_str(&format!("{lead:<margin$}{line}\n"));
            lead.clear();
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// Those of standard output.
    pub(super) fn print(&mut self) -> io::Result<()> {
        let text = std::mem::take(&mut self.text);
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

/// Words in lines of at most `width` characters, what controls a terminal written out. A longer word has a line of its own.
fn fold(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut column = 0;
    for word in escaped(words).split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            lines.push(String::new());
            column = 0;
        }
        if let Some(line) = lines.last_mut() {
            if column > 0 {
                line.push(' ');
                column += 1;
            }
            line.push_str(word);
        }
        column += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_cannot_command_a_terminal() {
        assert_eq!(fold("one two three", 7), ["one two", "three"]);
        assert_eq!(fold("a-word-that-is-too-long b", 5), ["a-word-that-is-too-long", "b"]);
        assert_eq!(fold("", 5), [""]);
        assert_eq!(fold("a\u{1b}[2J", 40), ["a\\x1b[2J"]);
    }
}
