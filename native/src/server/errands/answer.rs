//! What a program is told: JSON, with a `code` for it and words for whoever reads its log.

use bytes::Bytes;
use heartline_core::room::{Denied, Piece};
use heartline_core::wire::{HoldCode, RejectCode};
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

/// Why a program does not get what it wants.
#[derive(Debug)]
pub(super) enum Fault {
    /// Something in the request is not as it must be.
    Bad(&'static str),
    /// The body is no JSON, or lacks a field.
    NotJson(String),
    /// A name nobody can have.
    BadName(String),
    /// A room that cannot be.
    NoRoom(String),
    /// More than so many bytes.
    TooLong(u32),
    /// Not JSON by its own account.
    ContentType,
    /// Not a method of this address.
    Method,
    /// No token, or one that proves nothing. `told`: whether there was one.
    Unauthorised { denied: Denied, told: bool },
    /// The token does not go so far.
    Forbidden(&'static str),
    /// The engine said no, for good.
    Rejected(RejectCode, String),
    /// Too much in too short a time.
    TooFast { seconds: u64 },
    /// The history is away.
    Unavailable,
    /// Too many at once.
    Busy,
    /// It took too long; whether it is done is not known.
    Late,
    /// The server leaves.
    Leaving { seconds: u64 },
}

impl Fault {
    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let (status, code, why) = self.words();
        let mut response = answer(status, &json!({ "code": code, "why": why }));
        if let Some((name, value)) = self.hint() {
            response.headers_mut().insert(name, value);
        }
        response
    }

    fn words(&self) -> (StatusCode, &str, String) {
        match self {
            Self::Bad(why) => (StatusCode::BAD_REQUEST, "bad_request", (*why).to_owned()),
            Self::NotJson(why) => {
                let why = format!("the body must be JSON such as {{\"text\": \"…\"}}: {why}");
                (StatusCode::BAD_REQUEST, "not_json", why)
            }
            Self::BadName(why) => {
                (StatusCode::BAD_REQUEST, "bad_name", format!("this name cannot be used: {why}"))
            }
            Self::NoRoom(why) => {
                (StatusCode::BAD_REQUEST, "bad_room", format!("there can be no such room: {why}"))
            }
            Self::TooLong(most) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "too_long", format!("it may be {most} bytes long"))
            }
            Self::ContentType => {
                let why = "send it as Content-Type: application/json".to_owned();
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", why)
            }
            Self::Method => {
                let why = "POST says something here, GET reads".to_owned();
                (StatusCode::METHOD_NOT_ALLOWED, "method", why)
            }
            Self::Unauthorised { denied, .. } => {
                (StatusCode::UNAUTHORIZED, denied.label(), denied.to_string())
            }
            Self::Forbidden(why) => (StatusCode::FORBIDDEN, "forbidden", (*why).to_owned()),
            Self::Rejected(code, why) => {
                // What can be mended by another key, and what no repeat will change.
                let gone = *code == RejectCode::Expired;
                let status = if gone { StatusCode::GONE } else { StatusCode::UNPROCESSABLE_ENTITY };
                (status, code.as_str(), why.clone())
            }
            Self::TooFast { seconds } => {
                let why = format!("too much at once; send the same again in {seconds} s, with the same key");
                (StatusCode::TOO_MANY_REQUESTS, HoldCode::TooFast.as_str(), why)
            }
            Self::Unavailable => {
                let why = "the history is not available; send the same again, with the same key".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", why)
            }
            Self::Busy => {
                let why = "too much is underway; send the same again, with the same key".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, "busy", why)
            }
            Self::Late => {
                let why =
                    "it took too long, and may be done; send the same again, with the same key".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, "late", why)
            }
            Self::Leaving { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "draining", "this server is leaving".to_owned())
            }
        }
    }

    fn hint(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Method => Some((ALLOW, HeaderValue::from_static("GET, HEAD, POST"))),
            // RFC 6750: an error is named only where there was a token to be wrong.
            Self::Unauthorised { told: true, .. } => {
                let challenge = "Bearer realm=\"heartline\", error=\"invalid_token\"";
                Some((WWW_AUTHENTICATE, HeaderValue::from_static(challenge)))
            }
            Self::Unauthorised { told: false, .. } => {
                Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"heartline\"")))
            }
            Self::Unavailable | Self::Busy | Self::Late => Some((RETRY_AFTER, HeaderValue::from(1))),
            Self::TooFast { seconds } | Self::Leaving { seconds } => {
                Some((RETRY_AFTER, HeaderValue::from(*seconds)))
            }
            Self::Bad(_)
            | Self::NotJson(_)
            | Self::BadName(_)
            | Self::NoRoom(_)
            | Self::TooLong(_)
            | Self::ContentType
            | Self::Forbidden(_)
            | Self::Rejected(..) => None,
        }
    }
}

/// It is durable.
pub(super) fn said(room: &str, epoch: &str, seq: u64) -> Response<Full<Bytes>> {
    answer(StatusCode::OK, &json!({ "room": room, "epoch": epoch, "seq": seq }))
}

/// A piece of history. The messages are the bytes every line gets; they are not read again to be written again.
pub(super) fn page(room: &str, piece: &Piece) -> Response<Full<Bytes>> {
    let gaps: Vec<Value> =
        piece.gaps.iter().map(|(after, next)| json!({ "after": after, "next": next })).collect();
    let rest = json!({
        "room": room,
        "epoch": &*piece.epoch,
        "last": piece.last,
        "gaps": gaps,
        "next": piece.next,
        "more": piece.more,
    });
    let messages = piece.messages.join(",");
    let rest = rest.to_string();
    let rest = rest.strip_prefix('{').unwrap_or_default();
    write(StatusCode::OK, format!("{{\"messages\":[{messages}],{rest}\n"))
}

fn answer(status: StatusCode, value: &Value) -> Response<Full<Bytes>> {
    write(status, format!("{value}\n"))
}

fn write(status: StatusCode, json: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(json.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_token_is_told_how_to_bring_one() {
        for (told, challenge) in [(false, "Bearer realm=\"heartline\""), (true, "error=\"invalid_token\"")] {
            let denied = if told { Denied::Wrong } else { Denied::Missing };
            let response = Fault::Unauthorised { denied, told }.into_response();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            let header = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
            assert!(header.contains(challenge), "{header}");
        }
    }

    #[test]
    fn a_repeat_too_old_to_be_known_is_gone_and_another_text_is_the_sender_s_mistake() {
        for (code, status) in [(RejectCode::Expired, 410), (RejectCode::IdReused, 422)] {
            let response = Fault::Rejected(code, "why".to_owned()).into_response();
            assert_eq!(response.status().as_u16(), status);
        }
    }
}
