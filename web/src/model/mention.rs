//! Whether somebody is spoken of.

/// Whether `text` names `name`: as a word by itself, or behind an `@`, which scripts that write without blanks need.
pub fn mentions(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.trim().to_lowercase());
    if name.is_empty() {
        return false;
    }
    // Of names of one letter, words are full.
    let is_word = name.chars().nth(1).is_some();
    text.match_indices(&name).any(|(at, _)| {
        let (before, behind) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
        match before {
            Some('@') => !behind.is_some_and(|behind| behind.is_ascii_alphanumeric()),
            before => is_word && !before.is_some_and(goes_on) && !behind.is_some_and(goes_on),
        }
    })
}

fn goes_on(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
