//! One dial and what becomes of it, as a task of its own: it only reports, and whoever no longer cares aborts it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use heartline_core::{
    line::{Ended, Message},
    wire::BearerToken,
};
use tokio::{
    sync::{Notify, mpsc},
    task::AbortHandle,
};
use tokio_tungstenite::tungstenite::{self, Message as Frame};

use crate::client::{
    activity::Activity,
    dial::{DialFailure, Dialer, Progress},
    frames::{Fault, close_frame, closed_with, fault, frame, reject},
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
    /// A token for this line was fetched.
    Token(BearerToken),
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
                let dialled = async {
                    if let Some(token) = dialer.fetch_token(&progress).await? {
                        reporter.report(Report::Token(token)).await;
                    }
                    dialer.dial(&progress, &activity).await
                };
                match dialled.await {
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
    let (mut sink, mut stream) = socket.split();
    let writing = async {
        if write(&mut sink, waiting, reporter).await {
            tokio::time::sleep(CLOSE_WAIT).await;
        } else {
            // The reader knows more about an end than the writer.
            std::future::pending().await
        }
    };
    let unanswered = tokio::select! {
        unanswered = read(&mut stream, reporter) => unanswered,
        () = writing => None,
    };
    if let Some(code) = unanswered {
        reject(sink, stream, code).await;
    }
}

/// Writes until there is nothing more to come. `true` after a close frame.
async fn write(
    sink: &mut (impl Sink<Frame> + Unpin),
    mut waiting: mpsc::Receiver<Outgoing>,
    reporter: &Reporter,
) -> bool {
    while let Some(first) = waiting.recv().await {
        let (mut messages, mut frames) = (0, 0);
        let mut next = Some(first);
        while let Some(outgoing) = next {
            let is_close = matches!(outgoing, Outgoing::Close(..));
            messages += usize::from(matches!(outgoing, Outgoing::Message(_)));
            frames += 1;
            if sink.feed(outgoing.into_frame()).await.is_err() {
                return false;
            }
            if is_close {
                return sink.flush().await.is_ok();
            }
            next = if frames < BATCH { waiting.try_recv().ok() } else { None };
        }
        if sink.flush().await.is_err() {
            return false;
        }
        if messages > 0 {
            reporter.report(Report::Written(messages)).await;
        }
    }
    false
}

/// Reads until the line is over. Gives the code to close with if the library does not answer by itself.
async fn read(
    stream: &mut (impl Stream<Item = Result<Frame, tungstenite::Error>> + Unpin),
    reporter: &Reporter,
) -> Option<u16> {
    loop {
        let report = match stream.next().await {
            Some(Ok(Frame::Text(text))) => Report::Message(Message::Text(text.as_str().to_owned())),
            Some(Ok(Frame::Binary(bytes))) => Report::Message(Message::Binary(bytes.into())),
            Some(Ok(Frame::Ping(_))) => Report::Ping,
            Some(Ok(Frame::Pong(payload))) => Report::Pong(payload.into()),
            Some(Ok(Frame::Close(frame))) => {
                let (code, reason) = closed_with(frame);
                reporter.report(Report::Closed(Ended::Code { code, reason })).await;
                // One more look sends our half of the closing handshake; the rest is the peer's hanging up.
                let rest = async { while let Some(Ok(_)) = stream.next().await {} };
                let _ = tokio::time::timeout(CLOSE_WAIT, rest).await;
                return None;
            }
            // Raw frames are never handed out by a reader.
            Some(Ok(Frame::Frame(_))) => continue,
            Some(Err(error)) => match fault(error) {
                Fault::Peer(code, what) => {
                    reporter.report(Report::Violation(code, what)).await;
                    return Some(code);
                }
                Fault::Closed(code, reason) => {
                    reporter.report(Report::Closed(Ended::Code { code, reason })).await;
                    return Some(code);
                }
                Fault::Line(ended) => {
                    reporter.report(Report::Closed(ended)).await;
                    return None;
                }
            },
            None => {
                reporter.report(Report::Closed(Ended::Eof)).await;
                return None;
            }
        };
        reporter.report(report).await;
    }
}

impl Outgoing {
    fn into_frame(self) -> Frame {
        match self {
            Self::Message(message) => frame(message),
            Self::Ping(payload) => Frame::Ping(payload.into()),
            Self::Close(code, reason) => close_frame(code, &reason),
        }
    }
}
