//! Counting tests from what the runners print. libtest, rustdoc and wasm-bindgen's runner end alike:
//! `test result: ok. 12 passed; 0 failed; 0 ignored; …`.

/// Tests that ran, and those that did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Ran, and all was well.
    pub(crate) passed: u32,
    /// Ran, and something was not.
    pub(crate) failed: u32,
    /// Were marked not to run.
    pub(crate) ignored: u32,
}

impl Tally {
    /// Looks at a line of a runner's and counts what it sums up, if it does.
    pub(crate) fn see(&mut self, line: &str) {
        let plain = without_colour(line);
        let Some((_, sums)) = plain.split_once("test result: ") else { return };
        let Some((_, sums)) = sums.split_once(". ") else { return };
        for sum in sums.split(';') {
            let mut words = sum.split_whitespace();
            let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<u32>), words.next()) else {
                continue;
            };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, more: Self) {
        self.passed += more.passed;
        self.failed += more.failed;
        self.ignored += more.ignored;
    }
}

/// Cuts out terminal sequences: an escape up to the letter that ends it.
pub(super) fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter != '\u{1b}' {
            plain.push(letter);
        } else if letters.next() == Some('[') {
            letters.find(char::is_ascii_alphabetic);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> (u32, u32, u32) {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.see(line));
        (tally.passed, tally.failed, tally.ignored)
    }

    #[test]
    fn every_runners_sum_is_added_up() {
        let lines = [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 4 passed; 2 failed; 1 ignored; 0 filtered out; finished in 1.20s",
            "test passed ... ok",
        ];
        assert_eq!(tally(&lines), (7, 2, 1));
    }

    #[test]
    fn colours_do_not_matter() {
        let line =
            "test result: \u{1b}[32mok\u{1b}(B\u{1b}[m. \u{1b}[1m5\u{1b}[0m passed; 0 failed; 0 ignored";
        assert_eq!(tally(&[line]), (5, 0, 0));
    }
}
