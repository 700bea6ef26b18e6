//! The end of `cargo xtask test`: a line per part, then the sum.

use std::time::Duration;

use super::failures::Failures;
use super::part::Part;
use super::tally::Tally;

/// What became of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All was well.
    Fine(Tally),
    /// Something was not.
    Failed {
        /// What was counted nevertheless.
        tally: Tally,
        /// What went wrong, in words.
        why: String,
        /// What was said of it.
        failures: Failures,
    },
}

/// A part that ran.
#[derive(Debug)]
pub(crate) struct Line {
    /// Which one.
    pub(crate) part: Part,
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// Builds included.
    pub(crate) took: Duration,
}

impl Outcome {
    /// Judges a part whose command ended well: tests that are not there or do not run are a failure all the same.
    pub(crate) fn judge(part: Part, tally: Tally) -> Self {
        let why = match tally {
            Tally { failed: 1.., .. } => "tests failed",
            Tally { ignored: 1.., .. } => "tests are marked not to run",
            Tally { passed: 0, .. } if part.has_tests() => "not one test ran",
            _ => return Self::Fine(tally),
        };
        Self::Failed { tally, why: why.to_owned(), failures: Failures::default() }
    }

    /// Whether all was well.
    pub(crate) fn is_fine(&self) -> bool {
        matches!(self, Self::Fine(_))
    }

    fn tally(&self) -> Tally {
        match self {
            Self::Fine(tally) | Self::Failed { tally, .. } => *tally,
        }
    }
}

/// Prints the lines, what was said of each failure once more, and the sum alone on the last line.
pub(crate) fn print(lines: &[Line]) {
    println!();
    for line in lines {
        println!("{}", line_of(line));
    }
    for line in lines {
        if let Outcome::Failed { failures, .. } = &line.outcome
            && !failures.lines().is_empty()
        {
            println!("\n{} failed:\n  {}", line.part.name(), failures.lines().join("\n  "));
        }
    }
    println!("{}", sum(lines));
}

fn line_of(line: &Line) -> String {
    let (mark, why) = match &line.outcome {
        Outcome::Fine(_) => ("ok    ", String::new()),
        // Its first line; the whole stands where the part ran.
        Outcome::Failed { why, .. } => ("FAILED", format!("  {}", why.lines().next().unwrap_or_default())),
    };
    let tests = if line.part.has_tests() { in_words(line.outcome.tally()) } else { "-".to_owned() };
    format!("{mark}  {:<13} {tests:>24}  {:>9}{why}", line.part.name(), clock(line.took))
}

fn in_words(tally: Tally) -> String {
    let mut words = match tally.passed + tally.failed {
        1 => "1 test".to_owned(),
        many => format!("{many} tests"),
    };
    if tally.failed > 0 {
        words += &format!(", {} failed", tally.failed);
    }
    if tally.ignored > 0 {
        words += &format!(", {} ignored", tally.ignored);
    }
    words
}

/// A part that failed without a failed test counts as one, so that `0 failed` means that all is well.
fn sum(lines: &[Line]) -> String {
    let mut sum = Tally::default();
    for line in lines {
        let tally = line.outcome.tally();
        sum += tally;
        if !line.outcome.is_fine() && tally.failed == 0 {
            sum.failed += 1;
        }
    }
    format!("{} passed, {} failed", sum.passed, sum.failed)
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds / 60 {
        0 => format!("{}.{} s", seconds, time.subsec_millis() / 100),
        minutes => format!("{minutes} min {:02} s", seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(part: Part, passed: u32, failed: u32, why: Option<&str>) -> Line {
        let tally = Tally { passed, failed, ignored: 0 };
        let outcome = match why {
            None => Outcome::Fine(tally),
            Some(why) => Outcome::Failed { tally, why: why.to_owned(), failures: Failures::default() },
        };
        Line { part, outcome, took: Duration::from_millis(83_400) }
    }

    #[test]
    fn a_line_says_what_ran_how_many_and_how_long() {
        let fine = line_of(&line(Part::Native, 312, 0, None));
        assert_eq!(fine.split_whitespace().collect::<Vec<_>>().join(" "), "ok native 312 tests 1 min 23 s");
        let failed = line_of(&line(Part::WebFirefox, 4, 1, Some("it broke\nthe rest")));
        assert!(
            failed.starts_with("FAILED")
                && failed.contains("5 tests, 1 failed")
                && failed.ends_with("it broke")
        );
    }

    #[test]
    fn the_sum_counts_tests_and_parts_that_failed_without_any() {
        let lines = [
            line(Part::Clippy, 0, 0, Some("warnings")),
            line(Part::Native, 10, 0, None),
            line(Part::WebFirefox, 3, 2, Some("tests failed")),
        ];
        assert_eq!(sum(&lines), "13 passed, 3 failed");
    }

    #[test]
    fn a_part_without_a_single_test_failed() {
        assert!(!Outcome::judge(Part::CoreWasm, Tally::default()).is_fine());
        assert!(Outcome::judge(Part::Clippy, Tally::default()).is_fine());
    }

    #[test]
    fn tests_that_are_skipped_are_a_failure() {
        assert!(!Outcome::judge(Part::Native, Tally { passed: 5, failed: 0, ignored: 1 }).is_fine());
    }
}
