//! Makes received text harmless for a terminal.
//!
//! What a stranger sends may carry escape sequences that move the cursor, retitle the window or forge lines, and
//! bidi characters that reorder what is read. At a terminal they are shown, not obeyed.

use std::{borrow::Cow, fmt::Write};

/// `text` with every control and bidi character written out (`\n`, `\x1b`, `\u{202e}`), so that it stays on one
/// line and reads in the order it was written. Text without any comes back as it is.
pub fn escaped(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_harmful) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for c in text[first..].chars() {
        if is_harmful(c) { push_written_out(&mut out, c) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// The same, cut to at most `max` characters, with an ellipsis where something is missing. For excerpts in messages.
pub fn excerpt(text: &str, max: usize) -> String {
    let mut chars = text.trim().chars();
    let mut head: String = chars.by_ref().take(max).collect();
    if chars.next().is_some() {
        head.push('…');
    }
    escaped(&head).into_owned()
}

fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\t') || is_bidi_or_invisible(c)
}

/// Characters that change the order or the visibility of others without being seen: bidi marks, embeddings, isolates,
/// line and paragraph separators, the interlinear and tag characters, and the byte order mark.
fn is_bidi_or_invisible(c: char) -> bool {
    matches!(c,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn push_written_out(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        c if u32::from(c) < 0x100 => {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        }
        c => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_left_alone() {
        for text in ["", "hello", "naïve 弹幕 👩‍👩‍👧", "a\tb", "שלום"] {
            assert!(matches!(escaped(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn controls_and_bidi_are_written_out() {
        assert_eq!(escaped("a\x1b[2Jb"), "a\\x1b[2Jb");
        assert_eq!(escaped("two\nlines\r"), "two\\nlines\\r");
        assert_eq!(escaped("\u{9b}31m\x7f\0"), "\\x9b31m\\x7f\\x00");
        assert_eq!(escaped("abc\u{202e}fed"), "abc\\u{202e}fed");
        assert_eq!(escaped("\u{2066}x\u{2069}"), "\\u{2066}x\\u{2069}");
    }

    #[test]
    fn an_excerpt_is_short_and_on_one_line() {
        assert_eq!(excerpt("  not websocket\n", 40), "not websocket");
        assert_eq!(excerpt("a\nb", 40), "a\\nb");
        assert_eq!(excerpt("aaaa", 2), "aa…");
    }
}
