//! What a part's runners and compilers said of what went wrong, so that the end of a long run tells it once more.

use super::tally::without_colour;

/// More of one part helps nobody at the end; the whole stands where the part ran.
const MOST: usize = 80;

/// The first lines of it, as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    lines: Vec<String>,
    is_told: bool,
}

impl Failures {
    /// Looks at a line and keeps it if it belongs to a failure: after `failures:` up to the sum, or after a compiler's `error`
    /// up to an empty line.
    pub(crate) fn see(&mut self, line: &str) {
        let plain = without_colour(line);
        let plain = plain.trim_end();
        let is_error = plain.starts_with("error:") || plain.starts_with("error[");
        if plain == "failures:" || is_error {
            self.is_told = true;
        }
        if plain.starts_with("test result: ") {
            self.is_told = false;
        }
        if self.is_told && !is_of_backtrace(plain) && self.lines.len() < MOST {
            self.lines.push(plain.to_owned());
        }
    }

    /// What was kept; nothing, if nothing went wrong in a way that is known here.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }
}

/// `   7: function` or `  at file:line`: too much of it to see what it is about.
fn is_of_backtrace(line: &str) -> bool {
    let words = line.trim_start();
    let is_indented = words.len() < line.len();
    let numbered = words.split_once(": ").is_some_and(|(number, _)| number.parse::<u16>().is_ok());
    is_indented && (numbered || words.starts_with("at "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_kept_and_what_went_well_is_not() {
        let mut failures = Failures::default();
        for line in [
            "test one ... ok\n",
            "\u{1b}[31mfailures:\u{1b}[0m\n",
            "---- two stdout ----\n",
            "it broke\n",
            "stack backtrace:\n",
            "   7: core::panicking\n",
            "             at ./src/main.rs:7:42\n",
            "test result: FAILED. 1 passed; 1 failed; 0 ignored\n",
            "test three ... ok\n",
            "error: test failed, to rerun pass `--lib`\n",
        ] {
            failures.see(line);
        }
        let kept = [
            "failures:",
            "---- two stdout ----",
            "it broke",
            "stack backtrace:",
            "error: test failed, to rerun pass `--lib`",
        ];
        assert_eq!(failures.lines(), kept);
    }

    #[test]
    fn a_flood_is_cut() {
        let mut failures = Failures::default();
        for _ in 0..1000 {
            failures.see("error: no");
        }
        assert_eq!(failures.lines().len(), MOST);
    }
}
