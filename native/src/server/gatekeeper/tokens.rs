//! The file of tokens: who has which, one a line.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use heartline_core::room::{Grant, RoomSet};
use heartline_core::wire::{Limits, check_name};
use sha2::{Digest, Sha256};

use super::{GateError, rights};
use crate::client::dial::io_words;

/// The largest file that is read: a hundred thousand tokens.
const FILE_BYTES: u64 = 16 << 20;

/// The shortest token: 16 letters and digits are some 95 bits, and it is guessed over a network.
const TOKEN_BYTES: std::ops::RangeInclusive<usize> = 16..=4096;

/// Which token opens what.
pub(super) struct Tokens(HashMap<[u8; 32], Arc<Grant>>);

impl Tokens {
    /// Reads `token; name; rooms; rights` from each line; see [`line`].
    pub(super) fn read(path: &Path) -> Result<Self, GateError> {
        let unreadable = |why: String| GateError::Read { flag: "--tokens", path: path.to_owned(), why };
        let bytes = fs::metadata(path).map_err(|error| unreadable(io_words(&error)))?.len();
        if bytes > FILE_BYTES {
            return Err(unreadable(format!("it is {bytes} bytes long and may be {FILE_BYTES}")));
        }
        let text = fs::read_to_string(path).map_err(|error| unreadable(io_words(&error)))?;
        Self::parse(&text).map_err(|(line, what)| GateError::Line { path: path.to_owned(), line, what })
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut grants = HashMap::new();
        let mut lines = HashMap::new();
        for (line_number, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (ticket, grant) = line(text).map_err(|what| (line_number, what))?;
            if let Some(first) = lines.insert(ticket, line_number) {
                return Err((line_number, format!("the token of line {first} again; give each its own")));
            }
            grants.insert(ticket, Arc::new(grant));
        }
        Ok(Self(grants))
    }

    pub(super) fn find(&self, token: &str) -> Option<Arc<Grant>> {
        self.find_ticket(&ticket(token))
    }

    pub(super) fn find_ticket(&self, ticket: &[u8; 32]) -> Option<Arc<Grant>> {
        self.0.get(ticket).cloned()
    }
}

/// A line: the token, the name of whoever has it, the rooms it opens with commas between them (`*` for all, `team-*` for all that
/// begin so), and `rw`, `r` or `w`; `rw` if nothing is said. Semicolons between.
fn line(text: &str) -> Result<([u8; 32], Grant), String> {
    let fields: Vec<&str> = text.split(';').map(str::trim).collect();
    let (token, name, rooms, word) = match fields[..] {
        [token, name, rooms] => (token, name, rooms, "rw"),
        [token, name, rooms, word] => (token, name, rooms, word),
        _ => return Err("write it as: token; name; rooms; rw".to_owned()),
    };
    if !TOKEN_BYTES.contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let (least, most) = (TOKEN_BYTES.start(), TOKEN_BYTES.end());
        return Err(format!(
            "a token is {least} to {most} letters, digits and signs without spaces; take one from `openssl rand -base64 24`"
        ));
    }
    let limits = Limits::default();
    check_name(name, limits.name_bytes).map_err(|fault| format!("the name cannot be used: {fault}"))?;
    let rooms: Vec<&str> = rooms.split(',').map(str::trim).collect();
    for room in &rooms {
        check_name(room, limits.room_bytes).map_err(|fault| format!("a room cannot be: {fault}"))?;
    }
    let (read, write) = rights(word).ok_or("the rights are rw, r or w")?;
    let subject: Arc<str> = name.into();
    let ticket = ticket(token);
    let grant = Grant {
        subject: Some(Arc::clone(&subject)),
        name: Some(subject),
        rooms: RoomSet::of(rooms),
        read,
        write,
        until: None,
        ticket: Some(ticket),
    };
    Ok((ticket, grant))
}

fn ticket(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_who_may_do_what() {
        let tokens = Tokens::parse(
            "# who; and what\n\n  0123456789abcdef ; Ada Lovelace ; *\nfedcba9876543210;news;news, team-*;w\n",
        )
        .ok()
        .unwrap();
        let ada = tokens.find("0123456789abcdef").unwrap();
        assert_eq!(ada.name.as_deref(), Some("Ada Lovelace"));
        assert!(ada.may_read("any room") && ada.may_write("any room"));
        let news = tokens.find("fedcba9876543210").unwrap();
        assert!(news.may_write("news") && news.may_write("team-red") && !news.may_write("other"));
        assert!(!news.may_read("news"));
        for wrong in ["", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef ", "# who"] {
            assert!(tokens.find(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line_and_never_quoted() {
        for (text, line, word) in [
            ("#\n0123456789abcdef; Ada", 2, "token; name; rooms; rw"),
            ("0123456789abcdef; Ada; *; rw; more", 1, "token; name"),
            ("tooshort; Ada; *", 1, "openssl"),
            ("0123456789 abcdef; Ada; *", 1, "without spaces"),
            ("0123456789abcdef; ; *", 1, "name"),
            ("0123456789abcdef; A\u{202e}da; *", 1, "control character"),
            ("0123456789abcdef; Ada; tea,", 1, "room"),
            ("0123456789abcdef; Ada; *; all", 1, "rw, r or w"),
            ("0123456789abcdef; Ada; *\n\n0123456789abcdef; Bob; *", 3, "line 1"),
        ] {
            let Err((told, what)) = Tokens::parse(text) else { panic!("{text} was taken") };
            assert_eq!(told, line, "{text}");
            assert!(what.contains(word), "{text}: {what}");
            assert!(!what.contains("0123456789") && !what.contains("tooshort"), "{what}");
        }
    }
}
