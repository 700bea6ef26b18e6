//! The WebSocket handshake over a connected stream: ask, check the answer, and tell a wrong one in full.

use std::time::Instant;

use heartline_core::frame::Side;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    endpoint::Endpoint,
    failure::{DialFailure, Refusal, Step, io_words},
    http::{Head, HeadError, exchange},
    request::Request,
    steps::Steps,
    tls,
};
use crate::{client::activity::Stream, closing::Closing, output::escape::excerpt};

/// A WebSocket over any stream.
pub type Socket = WebSocketStream<Closing<Box<dyn Stream>>>;

/// A line that is open, as bytes.
pub struct Opened {
    /// What follows the handshake.
    pub stream: Box<dyn Stream>,
    /// What came right behind the answer: the beginning of the frames.
    pub read_ahead: Vec<u8>,
    /// The subprotocol agreed upon.
    pub subprotocol: Option<String>,
}

/// What the server said to the handshake.
pub(super) enum Answer {
    /// It is a line.
    Open(Opened),
    /// It is elsewhere.
    Moved {
        /// Status and words, for when nobody follows.
        status: String,
        /// Where, as sent.
        location: String,
    },
}

/// Shakes hands. Secrets of the request are sent only if `trusted`.
pub(super) async fn upgrade(
    mut stream: Box<dyn Stream>,
    endpoint: &Endpoint,
    request: &Request,
    trusted: bool,
    steps: &mut Steps,
) -> Result<Answer, DialFailure> {
    let key = generate_key();
    let text = request.text(endpoint, &key, trusted);
    let begun = Instant::now();
    let mut head = exchange(&mut *stream, &text).await.map_err(|error| no_answer(&error, endpoint))?;
    steps.answered(begun.elapsed(), &text, &head.bytes);
    if let (301 | 302 | 303 | 307 | 308, Some(location)) = (head.status, head.header("location")) {
        let status = format!("{} {}", head.status, excerpt(&head.reason, 40));
        return Ok(Answer::Moved { status: status.trim().to_owned(), location: location.to_owned() });
    }
    if head.status != 101 {
        let body = head.body_excerpt(&mut *stream).await;
        return Err(refused(&head, body, endpoint));
    }
    let subprotocol = check(&head, &key, request).map_err(|(what, advice)| {
        DialFailure::lasting(Step::Protocol, format!("{endpoint} answers 101, but {what}"), advice)
    })?;
    Ok(Answer::Open(Opened { stream, read_ahead: head.rest, subprotocol }))
}

impl Opened {
    /// The line as messages of at most `max_message` bytes.
    pub(super) async fn into_socket(mut self, max_message: usize) -> Socket {
        let config = WebSocketConfig::default()
            .read_buffer_size(16 << 10)
            // Every message is flushed; a buffer would only delay it.
            .write_buffer_size(0)
            .max_message_size(Some(max_message))
            .max_frame_size(Some(max_message));
        let stream = Closing::new(self.stream, Side::Server, &mut self.read_ahead);
        WebSocketStream::from_partially_read(stream, self.read_ahead, Role::Client, Some(config)).await
    }
}

/// The checks of RFC 6455, section 4.1, in its order. Gives the subprotocol agreed upon.
fn check(head: &Head, key: &str, request: &Request) -> Result<Option<String>, (String, &'static str)> {
    const NO_SERVER: &str = "this is no WebSocket server, or a proxy in between mixes up answers";
    if !head.lists("upgrade", "websocket") {
        return Err(("without \"Upgrade: websocket\"".to_owned(), NO_SERVER));
    }
    if !head.lists("connection", "upgrade") {
        return Err(("without \"Connection: Upgrade\"".to_owned(), NO_SERVER));
    }
    let accept = head.header("sec-websocket-accept").map(str::trim);
    if accept != Some(derive_accept_key(key.as_bytes()).as_str()) {
        let what = if accept.is_some() { "with a wrong" } else { "without" };
        return Err((format!("{what} Sec-WebSocket-Accept"), NO_SERVER));
    }
    let extensions = head.header("sec-websocket-extensions").map(str::trim).unwrap_or_default();
    let is_offered =
        |extension: &str| request.deflate && extension.trim_start().starts_with("permessage-deflate");
    if !extensions.is_empty() && !extensions.split(',').all(is_offered) {
        let what = format!("turns on an extension nobody asked for ({})", excerpt(extensions, 60));
        return Err((what, "the server breaks the protocol; its operator must mend it"));
    }
    match head.header("sec-websocket-protocol").map(str::trim) {
        None => Ok(None),
        Some(chosen) if request.subprotocols.iter().any(|offered| offered == chosen) => {
            Ok(Some(chosen.to_owned()))
        }
        Some(chosen) => {
            let what = format!("with a subprotocol nobody offered (\"{}\")", excerpt(chosen, 60));
            Err((what, "offer it by --subprotocol, or have the server mended"))
        }
    }
}

pub(super) fn no_answer(error: &HeadError, endpoint: &Endpoint) -> DialFailure {
    match error {
        HeadError::Io(error) if tls::is_tls(error) => tls::failure(error, &endpoint.host_header()),
        HeadError::Io(error) => DialFailure::passing(
            Step::Http,
            format!("{endpoint} took the connection but did not answer the handshake ({})", io_words(error)),
            "the server, or a proxy before it, is at fault; its log says more",
        ),
        HeadError::Ended { after_bytes } => {
            let when = if *after_bytes {
                "in the middle of its answer"
            } else {
                "without an answer to the handshake"
            };
            DialFailure::passing(
                Step::Http,
                format!("{endpoint} hung up {when}"),
                "does it speak HTTP on this port, and should it be wss:// rather than ws://?",
            )
        }
        // A TLS record: an alert (21) or a handshake (22), version 3.x.
        HeadError::NotHttp(bytes) if matches!(bytes.as_slice(), [21 | 22, 3, ..]) => {
            DialFailure::lasting(Step::Http, format!("{endpoint} answers in TLS"), "use wss://")
        }
        HeadError::NotHttp(bytes) => DialFailure::lasting(
            Step::Http,
            format!(
                "{endpoint} answers, but not in HTTP (\"{}\")",
                excerpt(&String::from_utf8_lossy(bytes), 40)
            ),
            "some other service listens there: check the port",
        ),
        HeadError::TooLong => DialFailure::lasting(
            Step::Http,
            format!("{endpoint} answers with headers without an end"),
            "the server is at fault, or it is no WebSocket server",
        ),
    }
}

fn refused(head: &Head, body: String, endpoint: &Endpoint) -> DialFailure {
    let retry_after = head.retry_after();
    let advice = match head.status {
        200..300 => "there is a web page, not a WebSocket endpoint: check the path".to_owned(),
        300..400 => "it names no other place; check the URL".to_owned(),
        400 if endpoint.tls => {
            "the server dislikes the request: check path, headers and subprotocol, and --cert if it wants a certificate"
                .to_owned()
        }
        400 => {
            "the server dislikes the request: check path, headers and subprotocol, and ws:// against wss://"
                .to_owned()
        }
        401 => "it wants credentials: --basic-auth USER:PASSWORD, or --header 'Authorization: …'".to_owned(),
        403 => "it does not let you in: check credentials, and --origin if it takes only its own pages"
            .to_owned(),
        404 | 405 | 410 => "there is no WebSocket endpoint at this path: check the URL".to_owned(),
        407 => "a proxy on the way wants credentials: give it by --proxy".to_owned(),
        426 => match head.header("sec-websocket-version") {
            Some(version) if !head.lists("sec-websocket-version", "13") => {
                format!("it speaks only WebSocket version {}, this is 13", excerpt(version, 20))
            }
            Some(_) | None => {
                "something on the way took the Upgrade out of the request: a proxy not set up for WebSockets"
                    .to_owned()
            }
        },
        429 | 503 => match retry_after {
            Some(wait) => format!("it asks to come back in {} s", wait.as_secs()),
            None => "it is busy or being restarted: come back later".to_owned(),
        },
        502 | 504 => "a proxy answers, the server behind it does not: its operator must look".to_owned(),
        500.. => "the server is at fault; its log says more".to_owned(),
        _ => "check the URL".to_owned(),
    };
    let reason = excerpt(&head.reason, 60);
    let reason = if reason.is_empty() { reason } else { format!(" {reason}") };
    let said = if body.is_empty() { String::new() } else { format!(": \"{body}\"") };
    let what = format!("{endpoint} refuses the handshake with {}{reason}{said}", head.status);
    DialFailure {
        refusal: Some(Refusal { status: head.status, retry_after, body }),
        retry: matches!(head.status, 408 | 425 | 429 | 500..),
        ..DialFailure::lasting(Step::Http, what, advice)
    }
}
