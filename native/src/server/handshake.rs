//! The server's half of the opening handshake (RFC 6455, section 4.2), as a function of the request's head.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, Method, StatusCode, Version, request};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Why a request cannot become a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHandshake {
    /// A plain request, as of somebody who opened the address in a browser.
    #[error("not websocket: this address speaks WebSocket only; dial it with a WebSocket client")]
    NotWebSocket,
    /// Neither GET nor HEAD.
    #[error("a WebSocket handshake is a GET")]
    Method,
    /// HTTP/1.0.
    #[error("a WebSocket handshake needs HTTP/1.1")]
    HttpVersion,
    /// `Upgrade` without `Connection: Upgrade`: some proxy ate it, or the client forgot it.
    #[error("the Connection header lacks the word Upgrade; a proxy between may have dropped it")]
    NoConnectionUpgrade,
    /// `Sec-WebSocket-Version` is not 13.
    #[error("this server speaks version 13 of the WebSocket protocol only")]
    WebSocketVersion,
    /// `Sec-WebSocket-Key` is not 16 bytes in base64.
    #[error("Sec-WebSocket-Key must be 16 bytes in base64, once")]
    Key,
    /// The handshake has a body, which would be read as frames.
    #[error("a WebSocket handshake has no body")]
    Body,
}

impl BadHandshake {
    /// The status it is answered with.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotWebSocket | Self::WebSocketVersion => StatusCode::UPGRADE_REQUIRED,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::HttpVersion | Self::NoConnectionUpgrade | Self::Key | Self::Body => StatusCode::BAD_REQUEST,
        }
    }

    /// The headers that tell the client what would have been right.
    pub fn hints(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::NotWebSocket | Self::WebSocketVersion => {
                &[("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-version", "13")]
            }
            Self::Method => &[("allow", "GET")],
            Self::HttpVersion | Self::NoConnectionUpgrade | Self::Key | Self::Body => &[],
        }
    }

    /// The word it is counted under.
    pub fn label(self) -> &'static str {
        match self {
            Self::NotWebSocket => "not_websocket",
            Self::Method => "method",
            Self::HttpVersion => "http_version",
            Self::NoConnectionUpgrade => "no_connection_upgrade",
            Self::WebSocketVersion => "version",
            Self::Key => "key",
            Self::Body => "body",
        }
    }
}

/// Checks a request's head and gives the value of `Sec-WebSocket-Accept`.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(head: &request::Parts) -> Result<String, BadHandshake> {
    let headers = &head.headers;
    if head.method != Method::GET && head.method != Method::HEAD {
        return Err(BadHandshake::Method);
    }
    if head.method == Method::HEAD || !has_token(headers, &UPGRADE, "websocket") {
        return Err(BadHandshake::NotWebSocket);
    }
    if head.version != Version::HTTP_11 {
        return Err(BadHandshake::HttpVersion);
    }
    if !has_token(headers, &CONNECTION, "upgrade") {
        return Err(BadHandshake::NoConnectionUpgrade);
    }
    if only(headers, &SEC_WEBSOCKET_VERSION).is_none_or(|version| version.as_bytes() != b"13") {
        return Err(BadHandshake::WebSocketVersion);
    }
    let key = only(headers, &SEC_WEBSOCKET_KEY).ok_or(BadHandshake::Key)?;
    if STANDARD.decode(key).map_or(0, |key| key.len()) != 16 {
        return Err(BadHandshake::Key);
    }
    let has_body = headers.contains_key(TRANSFER_ENCODING)
        || headers.get(CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0");
    if has_body {
        return Err(BadHandshake::Body);
    }
    Ok(derive_accept_key(key.as_bytes()))
}

/// The subprotocols a client offers, in its order.
pub fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    tokens(headers, &SEC_WEBSOCKET_PROTOCOL)
}

/// The headers of the 101.
pub fn accept(accept_key: &str, subprotocol: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    // Both are visible ASCII: one is base64, the other came in a header.
    if let Ok(value) = HeaderValue::from_str(accept_key) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, value);
    }
    if let Some(Ok(value)) = subprotocol.map(HeaderValue::from_str) {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, value);
    }
    headers
}

fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { Some(first) }
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|given| given.eq_ignore_ascii_case(token))
}

fn tokens<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 4] = [
        ("upgrade", "WebSocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        assert_eq!(check(&head("GET", &GOOD)), Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned()));
    }

    #[test]
    fn each_fault_has_its_answer() {
        for (name, value, fault) in [
            ("upgrade", "h2c", BadHandshake::NotWebSocket),
            ("connection", "close", BadHandshake::NoConnectionUpgrade),
            ("sec-websocket-version", "8", BadHandshake::WebSocketVersion),
            ("sec-websocket-version", "13, 8", BadHandshake::WebSocketVersion),
            ("sec-websocket-key", "dGhlIHNhbXBsZQ==", BadHandshake::Key),
            ("sec-websocket-key", "not base64 at all!!", BadHandshake::Key),
            ("sec-websocket-key", "", BadHandshake::Key),
            ("content-length", "5", BadHandshake::Body),
        ] {
            let headers: Vec<_> =
                GOOD.into_iter().filter(|(given, _)| *given != name).chain([(name, value)]).collect();
            assert_eq!(check(&head("GET", &headers)), Err(fault), "{name}: {value}");
        }
        for missing in GOOD {
            let headers: Vec<_> = GOOD.into_iter().filter(|given| *given != missing).collect();
            assert!(check(&head("GET", &headers)).is_err(), "without {missing:?}");
        }
        assert_eq!(check(&head("POST", &GOOD)), Err(BadHandshake::Method));
        assert_eq!(check(&head("HEAD", &GOOD)), Err(BadHandshake::NotWebSocket));
        let twice: Vec<_> = GOOD.into_iter().chain([GOOD[3]]).collect();
        assert_eq!(check(&head("GET", &twice)), Err(BadHandshake::Key));
    }

    #[test]
    fn offers_are_read_across_header_lines() {
        let head = head("GET", &[("sec-websocket-protocol", "a, b"), ("sec-websocket-protocol", " c ,")]);
        assert_eq!(offered(&head.headers).collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    fn head(method: &str, headers: &[(&str, &str)]) -> request::Parts {
        let mut request = http::Request::builder().method(method).uri("/echo");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }
}
