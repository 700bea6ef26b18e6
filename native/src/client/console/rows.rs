//! The rows at the bottom of a terminal: prompt and line. What was painted is remembered, so that all of it can be taken
//! away again, whatever became of the line or the window meanwhile.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::output::{escape::escaped, style::Tone};

/// The size of the window, in cells. Neither is ever 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Size {
    columns: usize,
    rows: usize,
}

impl Size {
    /// As a terminal tells it. Some tell 0, which means that they do not know.
    pub(super) fn new((columns, rows): (u16, u16)) -> Self {
        let or = |told: u16, else_: usize| if told == 0 { else_ } else { usize::from(told) };
        Self { columns: or(columns, 80), rows: or(rows, 24) }
    }

    pub(super) fn columns(self) -> usize {
        self.columns
    }
}

/// What stands before the line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Prompt {
    pub(super) text: String,
    pub(super) tone: Tone,
    pub(super) colored: bool,
}

/// What is painted now.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The cells that are taken in each row.
    widths: Vec<usize>,
    /// Row and column of the cursor.
    cursor: (usize, usize),
}

impl Rows {
    /// What takes the rows away, and leaves the cursor where they began.
    pub(super) fn erase(&mut self, size: Size) -> String {
        if self.widths.is_empty() {
            return String::new();
        }
        // A window that was made narrower has broken its rows anew.
        let broken = |widths: &[usize]| -> usize {
            widths.iter().map(|width| width.div_ceil(size.columns).max(1)).sum()
        };
        let (row, column) = self.cursor;
        let up = broken(&self.widths[..row]) + column / size.columns;
        let below = broken(&self.widths) > 1;
        self.widths.clear();
        // Some terminals take "all below" in the first cell for the end of a page, and keep that among what was said:
        // so it is asked for one row further down.
        let rest = if below { "\x1b[B\x1b[J\x1b[A" } else { "" };
        format!("\r{}\x1b[K{rest}", steps(up, 'A'))
    }

    /// What paints prompt and line where the cursor is, which then stands at byte `cursor` of the line. Where there are
    /// more rows than the window has, those around the cursor.
    pub(super) fn paint(&mut self, prompt: &Prompt, line: &str, cursor: usize, size: Size) -> String {
        let (rows, (row, column)) = lay_out(&prompt.text, line, cursor, size.columns);
        let top = (row + 1).saturating_sub(size.rows);
        let bottom = rows.len().min(top + size.rows);
        let mut out = String::new();
        for (at, shown) in rows[top..bottom].iter().enumerate() {
            // An own end for each row: what windows do after the last cell of a row, they do differently.
            if at > 0 {
                out.push_str("\r\n");
            }
            if !shown.prompt.is_empty() {
                out.push_str(&prompt.tone.paint(&shown.prompt, prompt.colored));
            }
            out.push_str(&shown.line);
        }
        out.push('\r');
        out.push_str(&steps(bottom - 1 - row, 'A'));
        out.push_str(&steps(column, 'C'));
        self.widths = rows[top..bottom].iter().map(|row| row.width).collect();
        self.cursor = (row - top, column);
        out
    }
}

/// Moves the cursor.
fn steps(count: usize, direction: char) -> String {
    if count == 0 { String::new() } else { format!("\x1b[{count}{direction}") }
}

#[derive(Debug, Default)]
struct Row {
    prompt: String,
    line: String,
    width: usize,
}

/// Breaks prompt and line into rows. Says in which row and column the cursor is; there always is a cell for it.
fn lay_out(prompt: &str, line: &str, cursor: usize, columns: usize) -> (Vec<Row>, (usize, usize)) {
    let mut rows = vec![Row::default()];
    let mut place = None;
    let prompt = prompt.graphemes(true).map(|grapheme| (None, grapheme));
    let line = line.grapheme_indices(true).map(|(at, grapheme)| (Some(at), grapheme));
    for (at, grapheme) in prompt.chain(line) {
        // What commands a terminal takes as many cells as it takes to write it out.
        let shown = if grapheme == "\t" { " ".into() } else { escaped(grapheme) };
        for cell in shown.graphemes(true) {
            let width = cell.width();
            let last = rows.len() - 1;
            if rows[last].width + width > columns {
                rows.push(Row::default());
            }
            let last = rows.len() - 1;
            let row = &mut rows[last];
            if at == Some(cursor) && place.is_none() {
                place = Some((last, row.width));
            }
            let part = if at.is_none() { &mut row.prompt } else { &mut row.line };
            part.push_str(cell);
            row.width += width;
        }
    }
    if rows[rows.len() - 1].width >= columns {
        rows.push(Row::default());
    }
    let last = rows.len() - 1;
    let end = (last, rows[last].width);
    (rows, place.unwrap_or(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A window, and what a client did to it.
    struct Window {
        terminal: vt100::Parser,
        rows: Rows,
        size: Size,
    }

    impl Window {
        fn new(columns: u16, rows: u16) -> Self {
            Self {
                terminal: vt100::Parser::new(rows, columns, 0),
                rows: Rows::default(),
                size: Size::new((columns, rows)),
            }
        }

        fn show(&mut self, line: &str, cursor: usize) {
            let prompt = Prompt { text: "● 1 ms › ".into(), tone: Tone::Good, colored: true };
            let out = self.rows.erase(self.size) + &self.rows.paint(&prompt, line, cursor, self.size);
            self.terminal.process(out.as_bytes());
        }

        fn print(&mut self, text: &str) {
            let out = format!("{}{text}\r\n", self.rows.erase(self.size));
            self.terminal.process(out.as_bytes());
        }

        fn text(&self) -> Vec<String> {
            self.terminal.screen().contents().lines().map(|row| row.trim_end().to_owned()).collect()
        }

        fn cursor(&self) -> (u16, u16) {
            self.terminal.screen().cursor_position()
        }
    }

    #[test]
    fn nothing_of_a_line_over_several_rows_stays_behind() {
        for length in 0..50 {
            let mut window = Window::new(20, 10);
            window.print("before");
            let line = "x".repeat(length);
            for cursor in [length, 0, length / 2, length] {
                window.show(&line, cursor);
                let cells = 9 + cursor;
                assert_eq!(
                    window.cursor(),
                    ((1 + cells / 20) as u16, (cells % 20) as u16),
                    "{length} {cursor}"
                );
            }
            window.print("meanwhile");
            window.show(&line, length / 2);
            window.show("", 0);
            window.print("after");
            window.show("", 0);
            assert_eq!(window.text(), ["before", "meanwhile", "after", "● 1 ms ›"], "{length}");
        }
    }

    #[test]
    fn at_the_bottom_of_a_window_what_was_said_moves_up() {
        let mut window = Window::new(20, 4);
        for said in ["one", "two", "three"] {
            window.print(said);
            window.show("a line that takes two rows", 26);
        }
        window.show("", 0);
        assert_eq!(window.text(), ["two", "three", "● 1 ms ›"]);
    }

    #[test]
    fn a_line_longer_than_the_window_shows_where_the_cursor_is() {
        let mut window = Window::new(20, 3);
        let line: String = ('a'..='z').flat_map(|c| [c; 10]).collect();
        window.print("gone up");
        window.show(&line, line.len());
        assert_eq!(window.text()[0], "vvvvvvvvvwwwwwwwwwwx");
        assert_eq!(window.cursor(), (2, 9));
        window.show(&line, 0);
        assert_eq!(window.text()[0], "● 1 ms › aaaaaaaaaab");
        assert_eq!(window.cursor(), (0, 9));
        window.show("", 0);
        assert_eq!(window.text(), ["● 1 ms ›"]);
    }

    #[test]
    fn wide_characters_and_commands_take_the_cells_they_take() {
        let mut window = Window::new(20, 6);
        let line = "弹幕弹幕弹幕\t\x1b[2J";
        window.show(line, line.len());
        // A wide character does not fit into the last cell of a row.
        assert_eq!(window.text(), ["● 1 ms › 弹幕弹幕弹", "幕 \\x1b[2J"]);
        assert_eq!(window.cursor(), (1, 10));
        window.show("", 0);
        assert_eq!(window.text(), ["● 1 ms ›"]);
    }

    #[test]
    fn what_is_below_is_only_asked_for_below_the_first_row() {
        let mut rows = Rows::default();
        let size = Size::new((20, 10));
        let prompt = Prompt { text: "› ".into(), tone: Tone::Info, colored: false };
        rows.paint(&prompt, "short", 0, size);
        assert_eq!(rows.erase(size), "\r\x1b[K");
    }

    #[test]
    fn a_window_made_narrower_has_broken_the_rows() {
        let mut rows = Rows::default();
        let prompt = Prompt { text: "› ".into(), tone: Tone::Info, colored: false };
        rows.paint(&prompt, &"x".repeat(40), 40, Size::new((20, 10)));
        assert_eq!(rows.erase(Size::new((10, 10))), "\r\x1b[4A\x1b[K\x1b[B\x1b[J\x1b[A");
        assert_eq!(rows.erase(Size::new((10, 10))), "", "nothing is there any more");
    }
}
