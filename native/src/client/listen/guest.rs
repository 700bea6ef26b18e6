//! One guest: the server's half of the handshake, then messages both ways until somebody leaves.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Sink, SinkExt, StreamExt};
use heartline_core::{
    close,
    frame::Side,
    line::{Ended, Message},
};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message as Frame,
        protocol::{Role, WebSocketConfig},
    },
};

use crate::{
    client::{
        activity::Stream,
        dial::io_words,
        frames::{Fault, close_frame, closed_with, fault, frame, reject},
    },
    closing::Closing,
    output::escape::excerpt,
    server::handshake,
    spelling::Spelled,
    tap::Tap,
};

/// Messages that may wait for one guest.
const QUEUE: usize = 256;
/// How long a guest may take for TLS and the handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a guest may take for its half of the closing handshake.
const GOODBYE: Duration = Duration::from_secs(2);

/// What every guest meets.
pub(super) struct House {
    pub(super) tls: Option<tokio_rustls::TlsAcceptor>,
    pub(super) subprotocols: Vec<String>,
    pub(super) max_message: usize,
    /// Each message goes back where it came from.
    pub(super) echo: bool,
    /// Looks at what passes.
    pub(super) tap: Tap,
}

/// What guests report, with their number.
pub(super) enum Report {
    /// The handshake is done.
    Came { path: String, subprotocol: Option<String>, outgoing: mpsc::Sender<Outgoing> },
    /// A message came.
    Message(Message),
    /// Gone, for good: why, in words, with the code if there was one.
    Left { code: Option<u16>, why: String },
    /// It never became a guest.
    Refused(String),
}

/// What goes to a guest.
#[derive(Clone, Debug)]
pub(super) enum Outgoing {
    Message(Message),
    Close(u16, String),
}

/// Serves one connection to its end.
pub(super) async fn serve(
    number: u64,
    stream: Box<dyn Stream>,
    from: String,
    house: Arc<House>,
    reports: mpsc::Sender<(u64, Report)>,
) {
    let report = |report| async {
        // Nobody listens when the program is ending.
        let _ = reports.send((number, report)).await;
    };
    match tokio::time::timeout(HANDSHAKE, welcome(number, stream, &from, &house)).await {
        Ok(Ok(guest)) => {
            let (outgoing, waiting) = mpsc::channel(QUEUE);
            let to_echo = house.echo.then(|| outgoing.clone());
            report(Report::Came { path: guest.path, subprotocol: guest.subprotocol, outgoing }).await;
            let (code, why) =
                talk(guest.socket, waiting, to_echo, |message| report(Report::Message(message))).await;
            report(Report::Left { code, why }).await;
        }
        Ok(Err(why)) => report(Report::Refused(why)).await,
        Err(_) => report(Report::Refused("no handshake in time".to_owned())).await,
    }
}

struct Guest {
    socket: WebSocketStream<Closing<TokioIo<hyper::upgrade::Upgraded>>>,
    path: String,
    subprotocol: Option<String>,
}

/// TLS if there is any, then HTTP until a request becomes a WebSocket.
async fn welcome(number: u64, stream: Box<dyn Stream>, from: &str, house: &House) -> Result<Guest, String> {
    let stream: Box<dyn Stream> = match &house.tls {
        Some(tls) => {
            Box::new(tls.accept(stream).await.map_err(|error| format!("no TLS: {}", io_words(&error)))?)
        }
        None => stream,
    };
    let stream = house.tap.on_numbered(stream, number, Side::Server, from);
    let (sender, mut upgraded) = oneshot::channel();
    let sender = std::sync::Mutex::new(Some(sender));
    let service = hyper::service::service_fn(|request: Request<Incoming>| {
        std::future::ready(Ok::<_, Infallible>(answer(request, house, &sender)))
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .title_case_headers(true)
        .serve_connection(TokioIo::new(Spelled(stream)), service)
        .with_upgrades();
    let outcome = connection.await;
    let Ok((path, subprotocol, upgrade)) = upgraded.try_recv() else {
        return Err(match outcome {
            Ok(()) => "a request, but none for a WebSocket".to_owned(),
            Err(error) => format!("no handshake: {error}"),
        });
    };
    let upgraded = upgrade.await.map_err(|error| format!("the handshake broke off: {error}"))?;
    let config = WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .write_buffer_size(16 << 10)
        .max_message_size(Some(house.max_message))
        .max_frame_size(Some(house.max_message));
    let stream = Closing::new(TokioIo::new(upgraded), Side::Client, &mut Vec::new());
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    Ok(Guest { socket, path, subprotocol })
}

type Upgrade = (String, Option<String>, hyper::upgrade::OnUpgrade);

/// The answer to one request; the first good handshake is handed out.
fn answer(
    request: Request<Incoming>,
    house: &House,
    sender: &std::sync::Mutex<Option<oneshot::Sender<Upgrade>>>,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let accepted = match handshake::check(&head) {
        Ok(accepted) => accepted,
        Err(error) => {
            let mut response = Response::new(Full::from(format!("{error}\n")));
            *response.status_mut() = error.status();
            for (name, value) in error.hints() {
                response.headers_mut().insert(*name, HeaderValue::from_static(value));
            }
            return response;
        }
    };
    let subprotocol = handshake::offered(&head.headers)
        .find(|offered| house.subprotocols.iter().any(|spoken| spoken == offered))
        .map(ToOwned::to_owned);
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = handshake::accept(&accepted, subprotocol.as_deref());
    let path = excerpt(&head.uri.to_string(), 200);
    let upgrade = hyper::upgrade::on(Request::from_parts(head, body));
    // Poisoning would mean a panic in the three lines below.
    if let Some(sender) = sender.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
        let _ = sender.send((path, subprotocol, upgrade));
    }
    response
}

/// Messages both ways. Gives the code, if there was one, and the words for how it ended.
async fn talk<S, F>(
    socket: WebSocketStream<S>,
    mut waiting: mpsc::Receiver<Outgoing>,
    to_echo: Option<mpsc::Sender<Outgoing>>,
    received: impl Fn(Message) -> F,
) -> (Option<u16>, String)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    F: Future<Output = ()>,
{
    let (mut sink, mut stream) = socket.split();
    let writing = async {
        if write(&mut sink, &mut waiting).await {
            tokio::time::sleep(GOODBYE).await;
        } else {
            // The reader knows more about an end than the writer.
            std::future::pending().await
        }
    };
    let reading = async {
        loop {
            let message = match stream.next().await {
                Some(Ok(Frame::Text(text))) => Message::Text(text.as_str().to_owned()),
                Some(Ok(Frame::Binary(bytes))) => Message::Binary(bytes.into()),
                Some(Ok(Frame::Close(frame))) => {
                    // One more look sends our half of the closing handshake.
                    let _ = tokio::time::timeout(GOODBYE, stream.next()).await;
                    let (code, reason) = closed_with(frame);
                    return Left::With(code, reason);
                }
                Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => continue,
                Some(Err(error)) => return Left::By(fault(error)),
                None => return Left::By(Fault::Line(Ended::Eof)),
            };
            if let Some(echo) = &to_echo {
                // Waits for room: a guest that does not read is not read.
                if echo.send(Outgoing::Message(message.clone())).await.is_err() {
                    return Left::By(Fault::Line(Ended::Eof));
                }
            }
            received(message).await;
        }
    };
    let left = tokio::select! {
        left = reading => left,
        () = writing => return (None, "closed from here".to_owned()),
    };
    match left {
        Left::With(code, reason) => (Some(code), farewell(code, &reason)),
        Left::By(Fault::Line(Ended::Reset { why })) => (None, format!("the connection broke: {why}")),
        Left::By(Fault::Line(_)) => (None, "the connection ended without a close frame".to_owned()),
        Left::By(Fault::Closed(code, reason)) => {
            reject(sink, stream, code).await;
            (Some(code), farewell(code, &reason))
        }
        Left::By(Fault::Peer(code, what)) => {
            reject(sink, stream, code).await;
            (None, format!("the guest broke the protocol: {what}"))
        }
    }
}

/// How a guest left.
enum Left {
    /// With a close frame.
    With(u16, String),
    /// Without.
    By(Fault),
}

/// Writes until there is nothing more to come. `true` after a close frame.
async fn write(sink: &mut (impl Sink<Frame> + Unpin), waiting: &mut mpsc::Receiver<Outgoing>) -> bool {
    while let Some(first) = waiting.recv().await {
        let mut next = Some(first);
        while let Some(outgoing) = next {
            let (frame, last) = match outgoing {
                Outgoing::Message(message) => (frame(message), false),
                Outgoing::Close(code, reason) => (close_frame(code, &reason), true),
            };
            if sink.feed(frame).await.is_err() {
                return false;
            }
            if last {
                return sink.flush().await.is_ok();
            }
            next = waiting.try_recv().ok();
        }
        if sink.flush().await.is_err() {
            return false;
        }
    }
    false
}

fn farewell(code: u16, reason: &str) -> String {
    let meaning = close::meaning(close::Dialect::Plain, code);
    let said = if reason.is_empty() { String::new() } else { format!(" (\"{}\")", excerpt(reason, 123)) };
    format!("closed with {code}: {meaning}{said}")
}
