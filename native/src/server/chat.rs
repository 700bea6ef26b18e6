//! `/chat`: the rooms. The shell around `heartline_core::room`: it carries what sockets, sessions, the hub and the history say.
//!
//! The hub belongs to one task (`hub`), each line to one of its own (`line`), the history to whoever keeps it
//! ([`history`](super::history)). What the hub has for a line goes
//! into the line's `mailbox`; what lines have for the hub goes through one bounded channel, which is all the waiting there is:
//! the hub itself waits for nobody.

mod hub;
mod line;
mod mailbox;
mod meter;
mod stopwatch;

use std::sync::Arc;

use heartline_core::room::{LineId, SessionConfig, ToHub};
use heartline_core::wire::Limits;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::config::Config;
use super::history::Desk;
use super::line::Line;
use super::metrics::Metrics;
use super::shutdown::Shutdown;
use mailbox::Slot;
use meter::Meter;
use stopwatch::Stopwatch;

/// How many words of lines may wait for the hub. Who comes next waits with what it read.
const WAITING_WORDS: usize = 1024;

/// What all lines of one server share.
#[derive(Debug)]
pub struct Rooms {
    hub: mpsc::Sender<Note>,
    session: Arc<SessionConfig>,
    meter: Arc<Meter>,
}

/// A word for the hub's task.
#[derive(Debug)]
enum Note {
    /// A line opened.
    Opened(LineId, Slot),
    /// Its session says something.
    Said(LineId, ToHub),
    /// It is over.
    Ended(LineId),
}

impl Rooms {
    /// No room yet: they come with those who join. The task that keeps them ends when the last way to it is gone.
    pub(super) fn open(
        config: &Config,
        desk: Desk,
        metrics: &Metrics,
        shutdown: Shutdown,
    ) -> (Self, JoinHandle<()>) {
        let (hub, words) = mpsc::channel(WAITING_WORDS);
        let meter = Arc::new(Meter::new(metrics));
        let message_bytes = u32::try_from(config.line.chat_message_bytes).unwrap_or(u32::MAX);
        let limits = Limits { message_bytes, ..Limits::default() }.clamped();
        let session = Arc::new(SessionConfig {
            limits,
            heartbeat: config.heartbeat.clone(),
            ..SessionConfig::default()
        });
        let stopwatch = Stopwatch::new(metrics, config.history.label());
        let keeper = tokio::spawn(hub::run(words, desk, Arc::clone(&meter), stopwatch, shutdown));
        (Self { hub, session, meter }, keeper)
    }
}

/// Serves one line until it ends. It comes boxed: a future keeps room for its arguments even after they have moved on.
pub(super) async fn serve(line: Box<Line>) {
    let server = Arc::clone(&line.server);
    server.metrics.chat_lines.increment(1.0);
    let id = LineId(line.id);
    let (end, frames) = line::run(id, line).await;
    // A hub that is gone needs no goodbye.
    let _ = server.rooms.hub.send(Note::Ended(id)).await;
    server.metrics.chat_lines.decrement(1.0);
    server.metrics.line_ended("chat", end.label());
    tracing::info!(route = "chat", why = end.label(), "the line has ended");
    Box::pin(end.say(frames)).await;
}
