use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use super::MAX_MESSAGE_BYTES;

/// Why a message could not be read. The sender is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than [`MAX_MESSAGE_BYTES`]; it was not looked at.
    #[error("a message of {bytes} bytes is over the limit of {MAX_MESSAGE_BYTES}; send shorter ones")]
    TooLong {
        /// How long it was.
        bytes: usize,
    },
    /// Not one JSON object.
    #[error("not a JSON object ({0}); send one object per text message")]
    NotJson(String),
    /// A type this version does not know. The line is fine; answer with `error`.
    #[error("unknown type \"{0}\"; this side speaks heartline.v1")]
    UnknownType(String),
    /// A field is missing or holds what it must not.
    #[error("bad message \"{kind}\": {why}")]
    BadField {
        /// The message's type; empty where that is what is missing.
        kind: String,
        /// What is wrong with which field.
        why: String,
    },
}

/// How much of what a peer sent is quoted back to it.
const QUOTED_CHARS: usize = 100;

pub(super) fn encode(message: &impl Serialize) -> String {
    serde_json::to_string(message).expect("text and numbers always have a JSON form")
}

pub(super) fn decode<M: DeserializeOwned>(text: &str, types: &[&str]) -> Result<M, DecodeError> {
    if text.len() > MAX_MESSAGE_BYTES {
        return Err(DecodeError::TooLong { bytes: text.len() });
    }
    // serde reads a struct from an array too, and this wire has only objects.
    if !text.trim_start().starts_with('{') {
        return Err(DecodeError::NotJson("it does not begin with {".to_owned()));
    }
    let tag: Tag<'_> = serde_json::from_str(text).map_err(|error| fault("", &error))?;
    if !types.contains(&&*tag.kind) {
        return Err(DecodeError::UnknownType(quoted(&tag.kind)));
    }
    serde_json::from_str(text).map_err(|error| fault(&tag.kind, &error))
}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

fn fault(kind: &str, error: &serde_json::Error) -> DecodeError {
    let why = quoted(&error.to_string());
    match error.classify() {
        Category::Data => DecodeError::BadField { kind: kind.to_owned(), why },
        Category::Io | Category::Syntax | Category::Eof => DecodeError::NotJson(why),
    }
}

fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_CHARS).collect()
}
