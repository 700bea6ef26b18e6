//! Long steps say what they do and how far they are.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Between two lines about how far a step is, where lines cannot be written over.
const BETWEEN_LINES: Duration = Duration::from_secs(20);

/// The steps of one errand, counted.
#[derive(Debug)]
pub(crate) struct Progress {
    total: usize,
    begun: usize,
}

impl Progress {
    /// An errand of so many steps.
    pub(crate) fn new(total: usize) -> Self {
        Self { total, begun: 0 }
    }

    /// Says that the next step begins, and about how long it takes.
    pub(crate) fn step(&mut self, what: &str, about: Option<&str>) {
        self.begun += 1;
        let about = about.map(|time| format!(" (about {time})")).unwrap_or_default();
        println!("[{}/{}] {what}{about}", self.begun, self.total.max(self.begun));
    }
}

/// How far one run of cargo is, read from its own progress bar.
#[derive(Debug)]
pub(crate) struct CrateCount {
    last_line: Instant,
    last_shown: String,
    terminal: bool,
}

impl CrateCount {
    /// Nothing seen yet.
    pub(crate) fn new() -> Self {
        Self {
            last_line: Instant::now(),
            last_shown: String::new(),
            terminal: std::io::stdout().is_terminal(),
        }
    }

    /// Looks at a line of cargo's and shows the count if there is a new one.
    pub(crate) fn see(&mut self, line: &str) {
        let Some((built, of)) = crates_in(line) else { return };
        let shown = format!("      {built} of {of} crates");
        if shown == self.last_shown {
            return;
        }
        if self.terminal {
            print!("\r{shown}");
            // A terminal that cannot be written to shows nothing; the step goes on.
            let _ = std::io::stdout().flush();
        } else if self.last_line.elapsed() >= BETWEEN_LINES {
            println!("{shown}");
            self.last_line = Instant::now();
        }
        self.last_shown = shown;
    }

    /// Leaves the terminal's line as it was before.
    pub(crate) fn done(&self) {
        if self.terminal && !self.last_shown.is_empty() {
            print!("\r{:width$}\r", "", width = self.last_shown.len());
        }
    }
}

/// Reads `Building [==>   ] 12/345: …`.
fn crates_in(line: &str) -> Option<(u32, u32)> {
    let counts = line.trim_start().strip_prefix("Building [")?.split_once("] ")?.1;
    let (built, rest) = counts.trim_start().split_once('/')?;
    let of = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
    Some((built.parse().ok()?, of.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_progress_bar_is_read() {
        assert_eq!(crates_in("    Building [====>      ] 123/456: serde, syn(build)"), Some((123, 456)));
        assert_eq!(crates_in("    Building [>          ]   0/7"), Some((0, 7)));
        assert_eq!(crates_in("   Compiling serde v1.0.0"), None);
    }
}
