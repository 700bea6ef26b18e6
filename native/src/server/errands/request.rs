//! What a program wants, checked.

use std::sync::Arc;

use heartline_core::wire::{Limits, Style, check_name};
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderName};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use url::form_urlencoded;

use super::answer::Fault;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, in bytes. A UUID has 36.
const KEY_BYTES: usize = 128;

/// The room a path names.
pub(super) fn room(written: &str, most: u32) -> Result<Arc<str>, Fault> {
    let room =
        percent_decode_str(written).decode_utf8().map_err(|_| Fault::NoRoom("it is not UTF-8".to_owned()))?;
    if written.contains('/') {
        return Err(Fault::NoRoom("write a / in it as %2F".to_owned()));
    }
    check_name(&room, most).map_err(|fault| Fault::NoRoom(fault.to_string()))?;
    Ok(room.into())
}

/// The key under which a repeat is known. The draft of the IETF writes it in quotes; most programs do not.
pub(super) fn key(headers: &HeaderMap) -> Result<String, Fault> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let value = values.next().ok_or(Fault::Bad(
        "give each message an Idempotency-Key of its own, such as a UUID, and repeat it when you repeat the message",
    ))?;
    let wrong = Fault::Bad("an Idempotency-Key is 1 to 128 visible ASCII characters, given once");
    let Ok(text) = value.to_str() else { return Err(wrong) };
    let text = text.trim();
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let fits = (1..=KEY_BYTES).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_graphic());
    if fits && values.next().is_none() { Ok(bare.to_owned()) } else { Err(wrong) }
}

/// Only JSON: what a form of another page could send is not taken.
pub(super) fn check_json(headers: &HeaderMap) -> Result<(), Fault> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Fault::ContentType) }
}

/// What is to be said.
pub(super) struct Words {
    pub(super) text: String,
    pub(super) name: Option<Arc<str>>,
    pub(super) style: Option<Style>,
}

/// The body of a `POST`. Unknown fields are ignored, as on the wire.
#[derive(Deserialize)]
struct Body {
    text: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    style: Option<Style>,
}

impl Words {
    /// Reads no more than a message may be long.
    pub(super) async fn read(body: Incoming, limits: &Limits) -> Result<Self, Fault> {
        let bytes = match Limited::new(body, limits.message_bytes as usize).collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(Fault::TooLong(limits.message_bytes)),
            Err(_) => return Err(Fault::Bad("the body did not come whole")),
        };
        let Body { text, name, style } =
            serde_json::from_slice(&bytes).map_err(|error| Fault::NotJson(error.to_string()))?;
        if text.len() > limits.text_bytes as usize {
            return Err(Fault::TooLong(limits.text_bytes));
        }
        if text.trim().is_empty() {
            return Err(Fault::Bad("there is nothing in `text`"));
        }
        if let Some(name) = &name {
            check_name(name, limits.name_bytes).map_err(|fault| Fault::BadName(fault.to_string()))?;
        }
        Ok(Self { text, name: name.map(Into::into), style })
    }
}

/// Which page is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) epoch: Option<String>,
    pub(super) after: u64,
    pub(super) limit: u32,
}

impl Query {
    /// Without `after`, from the beginning; without `limit`, as many as there may be.
    pub(super) fn parse(query: &str, most: u32) -> Result<Self, Fault> {
        let mut wanted = Self { epoch: None, after: 0, limit: most };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "after" => {
                    wanted.after =
                        value.parse().map_err(|_| Fault::Bad("`after` is a seq, a whole number"))?;
                }
                "limit" => {
                    let limit: u32 = value
                        .parse()
                        .ok()
                        .filter(|limit| *limit > 0)
                        .ok_or(Fault::Bad("`limit` is how many messages, at least 1"))?;
                    wanted.limit = limit.min(most);
                }
                "epoch" => wanted.epoch = Some(value.into_owned()),
                _ => {}
            }
        }
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_written_as_urls_write_them() {
        assert_eq!(&*room("tea%20%2F%20caf%C3%A9", 64).ok().unwrap(), "tea / café");
        for wrong in ["", "a/b", "%FF", "a%0Ab", &"x".repeat(65)] {
            assert!(room(wrong, 64).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_query_is_bounded_and_what_it_does_not_know_is_nothing() {
        let wanted = Query::parse("after=7&limit=9999&epoch=a%2Bb&x=y", 100).ok().unwrap();
        assert_eq!(wanted, Query { epoch: Some("a+b".into()), after: 7, limit: 100 });
        for wrong in ["after=-1", "after=x", "limit=0", "limit=many"] {
            assert!(Query::parse(wrong, 100).is_err(), "{wrong}");
        }
    }
}
