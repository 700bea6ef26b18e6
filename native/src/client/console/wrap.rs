//! News in rows that end between words. What others said is left to the terminal, which can join its own rows again to be copied.

use unicode_width::UnicodeWidthStr;

/// What stands before the rows behind the first.
const INDENT: &str = "  ";

/// Breaks a line into rows of that many columns. A word longer than a row is broken by the terminal.
pub(super) fn wrapped(line: &str, columns: usize) -> String {
    let (mut out, mut taken) = (String::with_capacity(line.len()), 0);
    for word in line.split_inclusive(' ') {
        let width = word.trim_end().width();
        if taken > INDENT.len() && taken + width > columns {
            out.truncate(out.trim_end().len());
            out.push_str("\r\n");
            out.push_str(INDENT);
            taken = INDENT.len();
        }
        out.push_str(word);
        taken = if taken + width > columns { (taken + width) % columns } else { taken + word.width() };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(line: &str, columns: usize) -> Vec<String> {
        wrapped(line, columns).split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn rows_end_between_words() {
        let line = "* the connection ended without a close frame";
        assert_eq!(rows(line, 40), ["* the connection ended without a close", "  frame"]);
        assert_eq!(rows(line, 80), [line]);
        assert_eq!(rows("* 弹幕 弹幕", 8), ["* 弹幕", "  弹幕"]);
    }

    #[test]
    fn a_word_that_fits_no_row_begins_one() {
        let rows = rows("* see wss://example.org/a/very/long/path now", 20);
        assert_eq!(rows, ["* see", "  wss://example.org/a/very/long/path now"]);
    }

    #[test]
    fn the_narrowest_window_ends_it_too() {
        assert_eq!(rows("a bc", 1), ["a bc"]);
    }
}
