//! One dial and what becomes of it, as a task of its own: it only reports, and whoever no longer cares aborts it.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use heartline_core::{
    close::{self, code},
    line::{Ended, Message},
};
use tokio::{
    sync::{Notify, mpsc},
    task::AbortHandle,
};
use tokio_tungstenite::tungstenite::{self, Message as Frame, protocol::CloseFrame};

use crate::client::{
    activity::Activity,
    dial::{DialFailure, Dialer, Progress, io_words},
};

/// Messages, pings and the close that may wait for the network. The machine hands over only so many at a time, so
/// this is never full unless something is wrong.
const OUTGOING: usize = 1024;
/// Messages written between two flushes.
const BATCH: usize = 64;
/// How long the peer may take for its half of the closing handshake.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// What a socket reports.
#[derive(Debug)]
pub(super) enum Report {
    /// The handshake succeeded with this subprotocol.
    Opened(Option<String>),
    /// The dial failed.
    Failed(DialFailure),
    /// A whole message came in.
    Message(Message),
    /// A ping frame came in; its pong is on the way.
    Ping,
    /// A pong frame came in.
    Pong(Vec<u8>),
    /// The network took so many more whole messages.
    Written(usize),
    /// The peer broke the protocol: the close code we answered with, and what it did.
    Violation(u16, String),
    /// The line ended.
    Closed(Ended),
}

/// What goes out, in order.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// A message.
    Message(Message),
    /// A ping frame.
    Ping(Vec<u8>),
    /// The close frame; nothing after it.
    Close(u16, String),
}

/// The near end of a socket's task. Dropping it drops the connection.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) generation: u64,
    pub(super) activity: Arc<Activity>,
    pub(super) progress: Arc<Progress>,
    opened: Arc<AtomicBool>,
    ended: Arc<Notify>,
    outgoing: mpsc::Sender<Outgoing>,
    task: AbortHandle,
}

impl Socket {
    /// Begins to dial.
    pub(super) fn dial(dialer: Arc<Dialer>, generation: u64, reports: mpsc::Sender<(u64, Report)>) -> Self {
        let (outgoing, waiting) = mpsc::channel(OUTGOING);
        let activity = Arc::<Activity>::default();
        let progress = Arc::<Progress>::default();
        let opened = Arc::<AtomicBool>::default();
        let ended = Arc::<Notify>::default();
        let reporter = Reporter { generation, reports };
        let task = tokio::spawn({
            let (activity, progress) = (Arc::clone(&activity), Arc::clone(&progress));
            let (opened, ended) = (Arc::clone(&opened), Arc::clone(&ended));
            async move {
                match dialer.dial(&progress, &activity).await {
                    Ok(dialled) => {
                        opened.store(true, Ordering::Relaxed);
                        reporter.report(Report::Opened(dialled.subprotocol)).await;
                        run(*dialled.socket, waiting, &reporter).await;
                    }
                    Err(failure) => reporter.report(Report::Failed(failure)).await,
                }
                ended.notify_one();
            }
        });
        Self { generation, activity, progress, opened, ended, outgoing, task: task.abort_handle() }
    }

    /// Hands something over to be sent. `false` if it cannot take more.
    pub(super) fn send(&self, outgoing: Outgoing) -> bool {
        // A closed channel is a socket that has ended and reported so: what comes too late is of unknown fate anyway.
        !matches!(self.outgoing.try_send(outgoing), Err(mpsc::error::TrySendError::Full(_)))
    }

    /// Whether the handshake ever succeeded.
    pub(super) fn was_opened(&self) -> bool {
        self.opened.load(Ordering::Relaxed)
    }

    /// Waits until the connection is done, with its closing handshake if there is one.
    pub(super) async fn ended(&self) {
        if !self.task.is_finished() {
            self.ended.notified().await;
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Reporter {
    generation: u64,
    reports: mpsc::Sender<(u64, Report)>,
}

impl Reporter {
    async fn report(&self, report: Report) {
        // Nobody listens any more when the program is ending; the socket still ends in good order.
        let _ = self.reports.send((self.generation, report)).await;
    }
}

/// Reads and writes at the same time until the line has ended: a peer that does not read until we do must not
/// hold both sides up.
async fn run(socket: crate::client::dial::Socket, waiting: mpsc::Receiver<Outgoing>, reporter: &Reporter) {
    let (sink, stream) = socket.split();
    let closing = Notify::new();
    let (violations, mut violated) = mpsc::channel(1);
    let writing = write(sink, waiting, &mut violated, &closing, reporter);
    let reading = read(stream, violations, reporter);
    let patience = async {
        closing.notified().await;
        tokio::time::sleep(CLOSE_WAIT).await;
    };
    tokio::select! {
        () = reading => {}
        // The reader knows more about an end than the writer.
        () = async { writing.await; std::future::pending().await } => {}
        () = patience => {}
    }
}

async fn write(
    mut sink: impl Sink<Frame> + Unpin,
    mut waiting: mpsc::Receiver<Outgoing>,
    violated: &mut mpsc::Receiver<u16>,
    closing: &Notify,
    reporter: &Reporter,
) {
    loop {
        let first = tokio::select! {
            Some(code) = violated.recv() => Outgoing::Close(code, String::new()),
            Some(outgoing) = waiting.recv() => outgoing,
            else => return,
        };
        let (mut messages, mut frames) = (0, 0);
        let mut next = Some(first);
        while let Some(outgoing) = next {
            let is_close = matches!(outgoing, Outgoing::Close(..));
            messages += usize::from(matches!(outgoing, Outgoing::Message(_)));
            frames += 1;
            if sink.feed(frame(outgoing)).await.is_err() {
                return;
            }
            if is_close {
                closing.notify_one();
                let _ = sink.flush().await;
                return;
            }
            next = if frames < BATCH { waiting.try_recv().ok() } else { None };
        }
        if sink.flush().await.is_err() {
            return;
        }
        if messages > 0 {
            reporter.report(Report::Written(messages)).await;
        }
    }
}

async fn read(
    mut stream: impl Stream<Item = Result<Frame, tungstenite::Error>> + Unpin,
    violations: mpsc::Sender<u16>,
    reporter: &Reporter,
) {
    loop {
        let report = match stream.next().await {
            Some(Ok(Frame::Text(text))) => Report::Message(Message::Text(text.as_str().to_owned())),
            Some(Ok(Frame::Binary(bytes))) => Report::Message(Message::Binary(bytes.into())),
            Some(Ok(Frame::Ping(_))) => Report::Ping,
            Some(Ok(Frame::Pong(payload))) => Report::Pong(payload.into()),
            Some(Ok(Frame::Close(frame))) => {
                reporter.report(Report::Closed(closed_with(frame))).await;
                // One more look sends our half of the closing handshake; the rest is the peer's hanging up.
                let _ = tokio::time::timeout(CLOSE_WAIT, async {
                    while let Some(Ok(_)) = stream.next().await {}
                })
                .await;
                return;
            }
            // Raw frames are never handed out by a reader.
            Some(Ok(Frame::Frame(_))) => continue,
            Some(Err(error)) => match ended_by(error) {
                Fault::Peer(code, what) => {
                    reporter.report(Report::Violation(code, what)).await;
                    let _ = violations.try_send(code);
                    // The writer says the code; a peer this confused is not waited for.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    return;
                }
                Fault::Line(ended) => return reporter.report(Report::Closed(ended)).await,
            },
            None => return reporter.report(Report::Closed(Ended::Eof)).await,
        };
        reporter.report(report).await;
    }
}

fn frame(outgoing: Outgoing) -> Frame {
    match outgoing {
        Outgoing::Message(Message::Text(text)) => Frame::Text(text.into()),
        Outgoing::Message(Message::Binary(bytes)) => Frame::Binary(bytes.into()),
        Outgoing::Ping(payload) => Frame::Ping(payload.into()),
        Outgoing::Close(code, reason) => {
            let reason = close::fit_reason(&reason).to_owned().into();
            Frame::Close(Some(CloseFrame { code: code.into(), reason }))
        }
    }
}

fn closed_with(frame: Option<CloseFrame>) -> Ended {
    match frame {
        Some(frame) => Ended::Code { code: frame.code.into(), reason: frame.reason.as_str().to_owned() },
        None => Ended::Code { code: code::NO_STATUS, reason: String::new() },
    }
}

/// Who ended the line.
enum Fault {
    /// The peer, against the protocol: the code to close with, and what it did.
    Peer(u16, String),
    /// The network, or the peer's machine.
    Line(Ended),
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a foreign enum: whatever else it may say is the peer's doing"
)]
fn ended_by(error: tungstenite::Error) -> Fault {
    use tungstenite::{Error, error::ProtocolError};
    match error {
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Fault::Line(Ended::Eof),
        // TLS without its own goodbye, or a frame that stops in the middle.
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => Fault::Line(Ended::Eof),
        Error::Io(error) => Fault::Line(Ended::Reset { why: io_words(&error) }),
        Error::Capacity(error) => Fault::Peer(code::TOO_BIG, format!("a message over the limit ({error})")),
        Error::Utf8(_) => Fault::Peer(code::INVALID_DATA, "text that is not UTF-8".to_owned()),
        Error::Protocol(error) => Fault::Peer(code::PROTOCOL_ERROR, error.to_string()),
        other => Fault::Peer(code::PROTOCOL_ERROR, other.to_string()),
    }
}
