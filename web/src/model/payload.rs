//! What a user writes, as a message, and a message as something to read.

use base64::{Engine, prelude::BASE64_STANDARD};
use heartline_core::line::Message;
use thiserror::Error;

use super::json;

/// How many characters of a long message the log shows.
const SHOWN: usize = 500;

/// How the composer's text becomes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As a Text message, as it stands.
    Text,
    /// As a Text message that has to be JSON, as it stands.
    Json,
    /// As a Binary message, from hexadecimal digits; blanks between bytes are fine.
    Hex,
    /// As a Binary message, from base64.
    Base64,
}

/// Why what was written is no message. The writer's to mend.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PayloadError {
    /// Not JSON, and where it stops being it.
    #[error("this is not JSON: {0}")]
    NotJson(String),
    /// Something that is no hexadecimal digit.
    #[error("hexadecimal has only 0-9 and a-f, such as: 48 65 6c 6c 6f")]
    NotHex,
    /// One digit too few.
    #[error("hexadecimal needs two digits for each byte: one is missing")]
    HalfByte,
    /// Not base64, or without its padding.
    #[error("this is not base64 (A-Z a-z 0-9 + /, filled up with =)")]
    NotBase64,
}

impl Form {
    /// All forms, in the order they are offered.
    pub const ALL: [Self; 4] = [Self::Text, Self::Json, Self::Hex, Self::Base64];

    /// The word for it, also its value in a `<select>`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Hex => "hex",
            Self::Base64 => "base64",
        }
    }

    /// The form of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.word() == word)
    }

    /// The message that `written` stands for.
    ///
    /// # Errors
    /// [`PayloadError`] if `written` does not stand for bytes in this form.
    pub fn read(self, written: &str) -> Result<Message, PayloadError> {
        match self {
            Self::Text => Ok(Message::Text(written.to_owned())),
            Self::Json => match json::check(written) {
                Ok(()) => Ok(Message::Text(written.to_owned())),
                Err(why) => Err(PayloadError::NotJson(why)),
            },
            Self::Hex => from_hex(written).map(Message::Binary),
            Self::Base64 => {
                let packed: String = written.split_whitespace().collect();
                BASE64_STANDARD.decode(packed).map(Message::Binary).map_err(|_| PayloadError::NotBase64)
            }
        }
    }
}

/// A message as readable text: text as it is, bytes as hexadecimal; the end of a long one is left off, and said.
pub fn show(message: &Message) -> String {
    match message {
        Message::Text(text) => match text.char_indices().nth(SHOWN) {
            Some((end, _)) => [&text[..end], " … (cut here)"].concat(),
            None => text.clone(),
        },
        Message::Binary(bytes) => {
            let shown = bytes.len().min(SHOWN / 3);
            let mut hex = to_hex(&bytes[..shown]);
            if shown < bytes.len() {
                hex.push_str(" … (cut here)");
            }
            hex
        }
    }
}

/// A message as it can be written again, and in which form.
pub fn write(message: &Message) -> (Form, String) {
    match message {
        Message::Text(text) => (Form::Text, text.clone()),
        Message::Binary(bytes) => (Form::Hex, to_hex(bytes)),
    }
}

/// Bytes as base64.
pub fn to_base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// How many bytes a message carries.
pub fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
    }
}

/// Bytes as pairs of hexadecimal digits, with blanks between them.
pub fn to_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('?');
    let mut hex = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        if !hex.is_empty() {
            hex.push(' ');
        }
        hex.push(digit(byte >> 4));
        hex.push(digit(byte & 0xf));
    }
    hex
}

fn from_hex(written: &str) -> Result<Vec<u8>, PayloadError> {
    let digits = written
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<Vec<u8>>>()
        .ok_or(PayloadError::NotHex)?;
    if digits.len() % 2 == 1 {
        return Err(PayloadError::HalfByte);
    }
    Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
