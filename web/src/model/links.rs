//! Where in a text addresses of pages are. All else in it is words, whatever it looks like.

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Just words.
    Words(&'t str),
    /// An `http` or `https` URL, which may lead anywhere: its reader sees all of it.
    Link(&'t str),
}

const SCHEMES: [&str; 2] = ["https://", "http://"];

/// Marks that end a sentence or a quote, and hardly a URL.
const SENTENCE: &str = ".,;:!?'*_。，、！？；：）」》”’»…";

/// The pieces of `text`, in order; put together they are the text again.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut words, mut at) = (0, 0);
    while let Some(found) = next_scheme(text, at) {
        let link = link_at(&text[found..]);
        if link.is_empty() {
            at = found + 1;
            continue;
        }
        if words < found {
            pieces.push(Piece::Words(&text[words..found]));
        }
        pieces.push(Piece::Link(link));
        at = found + link.len();
        words = at;
    }
    if words < text.len() {
        pieces.push(Piece::Words(&text[words..]));
    }
    pieces
}

/// Where the next scheme begins that is no end of a longer one. Scripts that write without blanks may stand before it.
fn next_scheme(text: &str, from: usize) -> Option<usize> {
    let begins_word = |at: &usize| !text[..*at].ends_with(|before: char| before.is_ascii_alphanumeric());
    let of = |scheme: &'static str| {
        text[from..].match_indices(scheme).map(move |(at, _)| from + at).find(begins_word)
    };
    SCHEMES.into_iter().filter_map(of).min()
}

/// The URL that `text` begins with, without the marks that belong to the sentence around it; empty if it names no host.
fn link_at(text: &str) -> &str {
    let mut link = &text[..text.find(ends_any).unwrap_or(text.len())];
    while let Some(last) = link.chars().next_back() {
        let is_alone = |open: char| link.matches(open).count() < link.matches(last).count();
        let is_of_the_sentence = match last {
            ')' => is_alone('('),
            ']' => is_alone('['),
            '}' => is_alone('{'),
            _ => SENTENCE.contains(last),
        };
        if !is_of_the_sentence {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    let host = SCHEMES.iter().find_map(|scheme| link.strip_prefix(scheme)).unwrap_or_default();
    if host.starts_with(char::is_alphanumeric) || host.starts_with('[') { link } else { "" }
}

/// What is in no URL, or would change the direction in which it is read.
fn ends_any(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '<' | '>' | '"' | '`' | '\\')
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
