//! The feed at `/inspect`: what passes, for programs and pages, and what they ask for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{SinkExt, StreamExt};
use heartline_core::{
    fault::Fault,
    handshake::accept_for,
    inspect::{FromRelay, LONGEST_REQUEST, ToRelay, VERSION},
};
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use tokio::{
    io::AsyncWriteExt,
    sync::broadcast::{self, error::RecvError},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    entrance::{Asked, No},
    house::{House, News},
    seen,
};
use crate::{
    client::activity::Stream,
    output::escape::excerpt,
    tap::{Looker, anatomy::Seen},
};

/// Messages that wait for the slowest reader. It misses those before them.
const WAITING: usize = 1024;
/// Readers at one time.
const MOST_READERS: usize = 16;
/// The largest message that is read at all; of those over [`LONGEST_REQUEST`] only to say that they are too long.
const LARGEST: usize = 64 << 10;
/// How long a reader may take none of what waits for it.
const STALL: Duration = Duration::from_secs(30);

/// Everybody who reads the feed.
pub(super) struct Feed {
    /// What proves that somebody may.
    token: String,
    began: Instant,
    began_ms: u64,
    messages: broadcast::Sender<Arc<str>>,
    /// Who asks for it, and who of those reads it.
    guests: AtomicUsize,
    readers: AtomicUsize,
}

impl Feed {
    /// A feed that nobody reads yet.
    ///
    /// # Errors
    /// Words, if the machine has no random numbers for a token.
    pub(super) fn new() -> Result<Self, String> {
        let mut secret = [0; 16];
        let provider = rustls::crypto::ring::default_provider();
        let filled = provider.secure_random.fill(&mut secret);
        filled.map_err(|_| "this machine gives no random numbers".to_owned())?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            token: URL_SAFE_NO_PAD.encode(secret),
            began: Instant::now(),
            began_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            messages: broadcast::Sender::new(WAITING),
            guests: AtomicUsize::new(0),
            readers: AtomicUsize::new(0),
        })
    }

    /// What a reader has to show.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// A moment in seconds since the relay began.
    pub(super) fn seconds(&self, at: Instant) -> f64 {
        // Microseconds: what is finer is noise.
        (at.saturating_duration_since(self.began).as_secs_f64() * 1e6).round() / 1e6
    }

    /// Tells all readers.
    pub(super) fn publish(&self, message: &FromRelay) {
        if !self.is_looking() {
            return;
        }
        if let Ok(text) = serde_json::to_string(message) {
            // The last one may have left just now.
            let _ = self.messages.send(text.into());
        }
    }

    fn is_shown_by(&self, asked: &Asked) -> bool {
        let query = asked.target.split_once('?').map_or("", |(_, query)| query);
        let in_query = query.split('&').find_map(|pair| pair.strip_prefix("token="));
        let in_query = in_query.map(|token| percent_decode_str(token).decode_utf8_lossy().into_owned());
        let header = asked.request.fields.get("authorization").and_then(|value| value.split_once(' '));
        let in_header = header.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let shown = in_query.or_else(|| in_header.map(|(_, token)| token.trim().to_owned()));
        // Digests: how long a comparison takes says nothing about the token.
        shown.is_some_and(|shown| Sha256::digest(shown) == Sha256::digest(&self.token))
    }
}

impl Looker for Feed {
    fn is_looking(&self) -> bool {
        self.readers.load(Ordering::Relaxed) > 0
    }

    fn saw(&self, number: u64, seen: &Seen) {
        if self.is_looking()
            && let Some(message) = seen::message(number, seen, |at| self.seconds(at))
        {
            self.publish(&message);
        }
    }
}

/// A reader that counts while it is there.
struct Counted<'f>(&'f AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves one reader to its end.
pub(super) async fn serve(mut stream: Box<dyn Stream>, asked: Asked, from: String, house: &House) {
    let feed = &house.feed;
    let is_too_many = feed.guests.fetch_add(1, Ordering::Relaxed) >= MOST_READERS;
    let _counted = Counted(&feed.guests);
    let refused = if !feed.is_shown_by(&asked) {
        Some(No::new("401 Unauthorized", "the feed wants the token that the relay has printed: ?token=…"))
    } else if is_too_many {
        Some(No::new("503 Service Unavailable", format!("{MOST_READERS} read the feed already")))
    } else {
        None
    };
    if let Some(no) = refused {
        no.tell(&mut *stream).await;
        return house.tell(News::TurnedAway { from, why: no.why }).await;
    }
    let accept = accept_for(asked.request.key().unwrap_or_default());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    if stream.write_all(answer.as_bytes()).await.is_err() {
        return;
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(4 << 10)
        .max_message_size(Some(LARGEST))
        .max_frame_size(Some(LARGEST));
    let socket = WebSocketStream::from_partially_read(stream, asked.rest, Role::Server, Some(config)).await;
    house.tell(News::Feed(format!("{from} reads the feed"))).await;
    talk(socket, house).await;
    house.tell(News::Feed(format!("{from} reads the feed no more"))).await;
}

/// Until the reader leaves, or takes nothing any more.
async fn talk(mut socket: WebSocketStream<Box<dyn Stream>>, house: &House) -> Option<()> {
    let feed = &house.feed;
    // From here on nothing is missed; what is open now may be told twice.
    let mut messages = feed.messages.subscribe();
    feed.readers.fetch_add(1, Ordering::Relaxed);
    let _counted = Counted(&feed.readers);
    let hello = FromRelay::Hello {
        version: VERSION,
        to: house.dialer.endpoint.to_string(),
        began_ms: feed.began_ms,
        connections: house.lines.list(|at| feed.seconds(at)),
        faults: house.lines.standing(),
    };
    send(&mut socket, written(&hello)).await?;
    loop {
        tokio::select! {
            message = messages.recv() => match message {
                Ok(text) => send(&mut socket, text.to_string()).await?,
                Err(RecvError::Lagged(count)) => send(&mut socket, written(&FromRelay::Missed { count })).await?,
                Err(RecvError::Closed) => return Some(()),
            },
            frame = socket.next() => match frame?.ok()? {
                Message::Text(text) => {
                    if let Err(why) = obey(text.as_str(), house).await {
                        send(&mut socket, written(&FromRelay::Error { why })).await?;
                    }
                }
                Message::Binary(_) => {
                    let why = "requests are text messages of JSON, not binary ones".to_owned();
                    send(&mut socket, written(&FromRelay::Error { why })).await?;
                }
                Message::Close(_) => {
                    // The library has answered it; flushing sends that.
                    let _ = tokio::time::timeout(STALL, socket.flush()).await;
                    return Some(());
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            },
        }
    }
}

async fn send(socket: &mut WebSocketStream<Box<dyn Stream>>, text: String) -> Option<()> {
    tokio::time::timeout(STALL, socket.send(Message::Text(text.into()))).await.ok()?.ok()
}

fn written(message: &FromRelay) -> String {
    // There is nothing in it that JSON has no spelling for.
    serde_json::to_string(message).unwrap_or_default()
}

/// Does what a reader asks for.
///
/// # Errors
/// Words on what is wrong with it.
async fn obey(text: &str, house: &House) -> Result<(), String> {
    if text.len() > LONGEST_REQUEST {
        return Err(format!("a request has at most {LONGEST_REQUEST} bytes"));
    }
    let request: ToRelay = serde_json::from_str(text).map_err(|error| {
        format!(
            "this is no request: {}; {{\"type\": \"fault\"}} and {{\"type\": \"clear\"}} are",
            excerpt(&error.to_string(), 200)
        )
    })?;
    let done = match request {
        ToRelay::Fault { connection, text } => {
            let fault: Fault =
                text.parse().map_err(|error: heartline_core::fault::FaultError| error.to_string())?;
            house.set(connection, fault)?
        }
        ToRelay::Clear { connection } => house.clear(connection)?,
    };
    house.tell(News::Feed(format!("from the feed: {done}"))).await;
    Ok(())
}
