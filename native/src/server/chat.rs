//! `/chat`: the rooms. The shell around `heartline_core::room`: it carries what sockets, sessions, the hub and the history say.
//!
//! The hub belongs to one task (`hub`), each line to one of its own (`line`), the history to whoever keeps it
//! ([`history`](super::history)). What the hub has for a line goes
//! into the line's `mailbox`; what lines have for the hub goes through one bounded channel, which is all the waiting there is:
//! the hub itself waits for nobody.

mod fragment;
mod hub;
mod line;
mod mailbox;
mod meter;
mod stopwatch;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use heartline_core::room::{Done, Errand, ErrandId, LineId, Notice, Posters, SessionConfig, ToHub};
use heartline_core::wire::{HoldCode, Limits};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::config::Config;
use super::gatekeeper::Bearer;
use super::history::Desk;
use super::line::Line;
use super::metrics::Metrics;
use super::shutdown::Shutdown;
use line::Talk;
use mailbox::Slot;
use meter::Meter;
use stopwatch::Stopwatch;

/// How many words of lines may wait for the hub. Who comes next waits with what it read.
const WAITING_WORDS: usize = 1024;

/// How many errands of those who have no line may be underway. Whoever comes next is told to come back.
const ERRANDS: usize = 256;

/// What all lines of one server share.
#[derive(Debug)]
pub struct Rooms {
    hub: mpsc::Sender<Note>,
    session: Arc<SessionConfig>,
    meter: Arc<Meter>,
    errands: Arc<Semaphore>,
    next_errand: AtomicU64,
    /// How fast those may say something who have no line.
    posters: Mutex<Posters<Poster>>,
}

/// Who says something without a line: whom the token names; where none is asked for, the machine it comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Poster {
    /// The subject of a token.
    Subject(Arc<str>),
    /// An address; of IPv6 the network, for a machine has all of it.
    Network(IpAddr),
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
    /// Somebody without a line wants something.
    Errand(ErrandId, Errand, Waiter),
}

/// Who waits for an errand. It counts as underway until it is done, whether anybody still waits or not.
#[derive(Debug)]
struct Waiter {
    tell: oneshot::Sender<Done>,
    _underway: OwnedSemaphorePermit,
}

/// Too many errands are underway, or the rooms are gone; come back later.
#[derive(Debug)]
pub(super) struct Busy;

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
        let errands = Arc::new(Semaphore::new(ERRANDS));
        let posters = Mutex::new(Posters::new(session.say));
        (Self { hub, session, meter, errands, next_errand: AtomicU64::new(1), posters }, keeper)
    }

    /// What clients and programs must keep to.
    pub(super) fn limits(&self) -> Limits {
        self.session.limits
    }

    /// Whether somebody without a line may say something now; else how long to wait.
    pub(super) fn may_post(&self, who: Poster) -> Result<(), Duration> {
        let now = Instant::now();
        let allowed = self.posters.lock().unwrap_or_else(PoisonError::into_inner).take(now, who);
        if allowed.is_err() {
            self.meter.notice(&Notice::Held(HoldCode::TooFast));
        }
        allowed
    }

    /// Does something for somebody without a line.
    pub(super) async fn run(&self, errand: Errand) -> Result<Done, Busy> {
        let underway = Arc::clone(&self.errands).try_acquire_owned().map_err(|_| Busy)?;
        let id = ErrandId(self.next_errand.fetch_add(1, Ordering::Relaxed));
        let (tell, told) = oneshot::channel();
        let waiter = Waiter { tell, _underway: underway };
        self.hub.send(Note::Errand(id, errand, waiter)).await.map_err(|_| Busy)?;
        told.await.map_err(|_| Busy)
    }
}

impl Poster {
    /// Whoever the token names, or else comes from there.
    pub(super) fn of(subject: Option<&Arc<str>>, peer: IpAddr) -> Self {
        match (subject, peer.to_canonical()) {
            (Some(subject), _) => Self::Subject(Arc::clone(subject)),
            (None, IpAddr::V4(address)) => Self::Network(address.into()),
            (None, IpAddr::V6(address)) => {
                Self::Network(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into())
            }
        }
    }
}

/// Serves one line until it ends.
// Not an `async fn`: that would keep its arguments beside the parts of them for as long as the line lives.
pub(super) fn serve(line: Box<Line>, bearer: Option<Bearer>) -> impl Future<Output = ()> {
    let server = Arc::clone(&line.server);
    let id = LineId(line.id);
    let (mut talk, slot) = Talk::begin(id, line, bearer);
    async move {
        server.metrics.chat_lines.increment(1.0);
        let end = talk.run(id, slot, &server).await;
        // A hub that is gone needs no goodbye.
        let _ = server.rooms.hub.send(Note::Ended(id)).await;
        server.metrics.chat_lines.decrement(1.0);
        server.metrics.line_ended("chat", end.label());
        tracing::info!(route = "chat", why = end.label(), "the line has ended");
        Box::pin(end.say(talk.frames)).await;
    }
}
