//! One line being typed: what each key does to it. Knows nothing of screens.

use std::collections::VecDeque;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;

/// Lines that can be had back with the arrow keys; older ones are forgotten.
const REMEMBERED: usize = 500;

/// A line, the place in it, and the lines before it.
#[derive(Debug)]
pub(super) struct Editor {
    line: String,
    /// A byte offset into `line`, between two graphemes.
    cursor: usize,
    history: VecDeque<String>,
    /// Which line of the history is shown; its length for what is being typed.
    place: usize,
    /// What was being typed before the history was looked at.
    draft: String,
    /// The longest line, in bytes: keys beyond it do nothing.
    max: usize,
}

/// What a key comes to, besides a changed line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Done {
    /// Enter.
    Line(String),
    /// Ctrl-D, with nothing typed.
    End,
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-L: the screen should be empty.
    Clear,
    /// Ctrl-Z: the shell wants its terminal back for a while.
    Suspended,
}

impl Editor {
    /// Nothing typed yet.
    pub(super) fn new(max: usize) -> Self {
        Self { line: String::new(), cursor: 0, history: VecDeque::new(), place: 0, draft: String::new(), max }
    }

    /// The line as it is.
    pub(super) fn line(&self) -> &str {
        &self.line
    }

    /// The place in it, as a byte offset.
    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Obeys a key, as terminals have been obeyed since Emacs; other keys do nothing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum; all other keys do nothing")]
    pub(super) fn key(&mut self, key: KeyEvent) -> Option<Done> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Enter => return Some(self.enter()),
            KeyCode::Char('j') if control && !alt => return Some(self.enter()),
            KeyCode::Char('c') if control && !alt => return Some(Done::Interrupted),
            KeyCode::Char('d') if control && !alt && self.line.is_empty() => return Some(Done::End),
            KeyCode::Char('l') if control && !alt => return Some(Done::Clear),
            KeyCode::Char('z') if control && !alt => return Some(Done::Suspended),
            KeyCode::Left if control || alt => self.cursor = self.word_left(),
            KeyCode::Right if control || alt => self.cursor = self.word_right(),
            KeyCode::Char('b') if alt && !control => self.cursor = self.word_left(),
            KeyCode::Char('f') if alt && !control => self.cursor = self.word_right(),
            KeyCode::Backspace if alt => self.delete(self.word_left(), self.cursor),
            KeyCode::Char(letter) if control && !alt => self.control(letter),
            KeyCode::Char(c) => self.insert(c),
            KeyCode::Tab => self.insert('\t'),
            KeyCode::Backspace => self.delete(self.left(), self.cursor),
            KeyCode::Delete => self.delete(self.cursor, self.right()),
            KeyCode::Left => self.cursor = self.left(),
            KeyCode::Right => self.cursor = self.right(),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.line.len(),
            KeyCode::Up => self.recall(self.place.checked_sub(1)),
            KeyCode::Down => self.recall(self.place.checked_add(1)),
            _ => {}
        }
        None
    }

    /// A letter held with Ctrl, and nothing else.
    fn control(&mut self, letter: char) {
        match letter {
            'a' => self.cursor = 0,
            'b' => self.cursor = self.left(),
            'd' => self.delete(self.cursor, self.right()),
            'e' => self.cursor = self.line.len(),
            'f' => self.cursor = self.right(),
            'h' => self.delete(self.left(), self.cursor),
            'k' => self.delete(self.cursor, self.line.len()),
            'n' => self.recall(self.place.checked_add(1)),
            'p' => self.recall(self.place.checked_sub(1)),
            'u' => self.delete(0, self.cursor),
            'w' => self.delete(self.word_left(), self.cursor),
            _ => {}
        }
    }

    fn enter(&mut self) -> Done {
        let line = std::mem::take(&mut self.line);
        self.cursor = 0;
        if !line.trim().is_empty() && self.history.back() != Some(&line) {
            if self.history.len() == REMEMBERED {
                self.history.pop_front();
            }
            self.history.push_back(line.clone());
        }
        self.place = self.history.len();
        Done::Line(line)
    }

    fn insert(&mut self, c: char) {
        if self.line.len() + c.len_utf8() <= self.max {
            self.line.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.line.replace_range(from..to, "");
        self.cursor = from;
    }

    /// Shows another line of the history, if there is one at that place.
    fn recall(&mut self, place: Option<usize>) {
        let Some(place) = place.filter(|place| *place <= self.history.len()) else { return };
        let shown = self.history.get(place).unwrap_or(&self.draft).clone();
        let before = std::mem::replace(&mut self.line, shown);
        if self.place == self.history.len() {
            self.draft = before;
        }
        self.place = place;
        self.cursor = self.line.len();
    }

    fn left(&self) -> usize {
        self.line[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        self.cursor + self.line[self.cursor..].graphemes(true).next().map_or(0, str::len)
    }

    /// The beginning of the word on the left.
    fn word_left(&self) -> usize {
        let words = self.line[..self.cursor].trim_end();
        words
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + words[at..].chars().next().map_or(0, char::len_utf8))
    }

    /// The beginning of the next word on the right.
    fn word_right(&self) -> usize {
        let rest = &self.line[self.cursor..];
        let space = rest.find(char::is_whitespace).unwrap_or(rest.len());
        self.line.len() - rest[space..].trim_start().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(editor: &mut Editor, code: KeyCode, modifiers: KeyModifiers) -> Option<Done> {
        editor.key(KeyEvent::new(code, modifiers))
    }

    fn write(editor: &mut Editor, text: &str) {
        for c in text.chars() {
            assert_eq!(press(editor, KeyCode::Char(c), KeyModifiers::NONE), None);
        }
    }

    fn enter(editor: &mut Editor, text: &str) {
        write(editor, text);
        assert_eq!(press(editor, KeyCode::Enter, KeyModifiers::NONE), Some(Done::Line(text.to_owned())));
    }

    fn hold(editor: &mut Editor, letter: char) -> Option<Done> {
        press(editor, KeyCode::Char(letter), KeyModifiers::CONTROL)
    }

    #[test]
    fn keys_change_what_people_see_as_one_character() {
        let mut editor = Editor::new(100);
        write(&mut editor, "e\u{301}👩‍👩‍👧");
        press(&mut editor, KeyCode::Left, KeyModifiers::NONE);
        write(&mut editor, "x");
        assert_eq!(editor.line(), "e\u{301}x👩‍👩‍👧");
        press(&mut editor, KeyCode::Delete, KeyModifiers::NONE);
        press(&mut editor, KeyCode::Backspace, KeyModifiers::NONE);
        press(&mut editor, KeyCode::Backspace, KeyModifiers::NONE);
        assert_eq!((editor.line(), editor.cursor()), ("", 0));
    }

    #[test]
    fn words_are_left_and_deleted() {
        let mut editor = Editor::new(100);
        write(&mut editor, "one  two three ");
        hold(&mut editor, 'w');
        assert_eq!(editor.line(), "one  two ");
        press(&mut editor, KeyCode::Left, KeyModifiers::CONTROL);
        press(&mut editor, KeyCode::Char('b'), KeyModifiers::ALT);
        assert_eq!(editor.cursor(), 0);
        press(&mut editor, KeyCode::Right, KeyModifiers::CONTROL);
        assert_eq!(editor.cursor(), 5);
        hold(&mut editor, 'k');
        assert_eq!(editor.line(), "one  ");
        hold(&mut editor, 'u');
        assert_eq!(editor.line(), "");
    }

    #[test]
    fn the_history_gives_back_the_draft() {
        let mut editor = Editor::new(100);
        enter(&mut editor, "first");
        enter(&mut editor, "second");
        write(&mut editor, "draft");
        let shown = |editor: &mut Editor, code| {
            press(editor, code, KeyModifiers::NONE);
            editor.line().to_owned()
        };
        assert_eq!(shown(&mut editor, KeyCode::Up), "second");
        assert_eq!(shown(&mut editor, KeyCode::Up), "first");
        assert_eq!(shown(&mut editor, KeyCode::Up), "first");
        assert_eq!(shown(&mut editor, KeyCode::Down), "second");
        assert_eq!(shown(&mut editor, KeyCode::Down), "draft");
        assert_eq!(shown(&mut editor, KeyCode::Down), "draft");
    }

    #[test]
    fn nothing_grows_without_end() {
        let mut editor = Editor::new(4);
        write(&mut editor, "abcdéf");
        assert_eq!(editor.line(), "abcd");
        hold(&mut editor, 'u');
        for n in 0..=REMEMBERED {
            enter(&mut editor, &n.to_string());
        }
        assert_eq!((editor.history.len(), editor.history[0].as_str()), (REMEMBERED, "1"));
    }

    #[test]
    fn only_an_empty_line_ends_the_input() {
        let mut editor = Editor::new(100);
        write(&mut editor, "a");
        press(&mut editor, KeyCode::Home, KeyModifiers::NONE);
        assert_eq!(hold(&mut editor, 'd'), None);
        assert_eq!(editor.line(), "");
        assert_eq!(hold(&mut editor, 'd'), Some(Done::End));
        assert_eq!(hold(&mut editor, 'c'), Some(Done::Interrupted));
    }
}
