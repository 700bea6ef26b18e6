//! The engine for more than one machine: a stream of NATS JetStream, of which every server appends and which every server follows.
//! Needs a broker of 2.9 or later.
//!
//! * **The stream's order is the judge.** A message's seq is its sequence in the stream, which has all rooms: so a room's seqs rise
//!   with holes in them, and `prev` says which was before. Each server follows the whole stream, one message after the other.
//! * **The broker refuses the second of two repeats.** Each client has a subject of its own in each room. A message goes in with
//!   `Nats-Expected-Last-Subject-Sequence`, the place of the client's last message there: of two servers that append at once, one is
//!   told no, looks again, and finds the repeat. That needs no window of time and no memory of ids at the broker. Where it takes
//!   both all the same, the first counts: see [`judge`].
//! * **Nothing is accepted or told that was not followed and noted**: see [`pending`] and [`notes`].
//! * **In doubt nothing is accepted.** An append without an answer may have happened; the client sends it again, and it is found.
//! * **What is trimmed leaves marks** in two more streams (`…_META`, `…_AUTHORS`): see [`trim`].
//! * **A lost end begins a new epoch**: see [`epoch`].
//! * **Who is in a room at other servers** they tell each other by the same broker, which keeps nothing of it: see [`elsewhere`].
//!
//! A broker that is away is waited for, from the start: whoever starts everything at once need not care about the order.

mod author;
mod authors;
mod broker;
mod config;
mod elsewhere;
mod epoch;
mod error;
mod follow;
mod judge;
mod marks;
mod names;
mod notes;
mod pending;
mod reading;
mod record;
mod rooms;
mod streams;
mod tail;
mod trim;
mod wellbeing;
mod worker;

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};
pub use config::{NatsConfig, NatsKeep, Servers};
pub use error::NatsError;
use tokio::sync::{mpsc, watch};

use self::broker::Broker;
use self::elsewhere::Elsewhere;
use self::follow::Follower;
use self::judge::Judge;
use self::names::Names;
use self::streams::Trouble;
use self::worker::Worker;
use super::Counter;

/// How many messages may wait for the worker; beyond it they wait at the broker.
const WAITING_NEWS: usize = 1024;

/// How long a first connection may take before it is waited for in the background.
const FIRST: Duration = Duration::from_secs(6);

/// A way to a broker that lets us in, or is away.
#[derive(Debug)]
pub(super) struct Nats {
    config: NatsConfig,
    broker: Broker,
    link: watch::Receiver<Link>,
}

/// How the connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    up: bool,
    why: String,
}

/// Finds out whether there can be a history with this configuration.
pub(super) async fn open(config: &NatsConfig) -> Result<Nats, NatsError> {
    config.check()?;
    let (told, link) =
        watch::channel(Link { up: false, why: format!("no broker at {} yet", config.servers) });
    let client = connect(config, told).await?;
    let broker = Broker::new(client, Names::new(&config.stream));
    if link.borrow().up {
        match streams::prepare(&broker, config).await {
            Ok(_) => {}
            Err(Trouble::Wrong(error)) => return Err(error),
            Err(Trouble::Away(away)) => tracing::warn!("{away}; it is waited for"),
        }
    }
    if config.replicas == 1 {
        tracing::warn!(
            "one broker keeps the history: unless it runs with `sync_interval: always`, a power cut may lose what it accepted in \
             the last two minutes; three replicas survive the loss of one machine"
        );
    }
    Ok(Nats { config: config.clone(), broker, link })
}

/// Works until the desk is dropped and all that was asked is done.
pub(super) async fn run(nats: Nats, counter: Counter) {
    let Nats { config, broker, link } = nats;
    let (news, heard) = mpsc::channel(WAITING_NEWS);
    let keep = config.keep;
    let (board, elsewhere) = Elsewhere::new(
        broker.client.clone(),
        Arc::clone(&broker.names),
        link.clone(),
        counter.replies.clone(),
    );
    let elsewhere = tokio::spawn(elsewhere.run());
    let judge = Judge::default();
    let checks = counter.checks;
    let follower = Follower { broker: broker.clone(), config, link, news, checks, seen: None, judge };
    let follower = tokio::spawn(follower.run());
    let client = broker.client.clone();
    Worker::new(broker, keep, counter.replies, counter.health, board).run(counter.requests, heard).await;
    follower.abort();
    let _ = tokio::time::timeout(Duration::from_secs(1), elsewhere).await;
    // What it still had to send are only readers to be deleted; the broker forgets those by itself.
    let _ = tokio::time::timeout(Duration::from_secs(1), client.drain()).await;
}

async fn connect(config: &NatsConfig, told: watch::Sender<Link>) -> Result<Client, NatsError> {
    let first = options(config, &told).await?.connect(config.servers.addresses());
    let why = match tokio::time::timeout(FIRST, first).await {
        Ok(Ok(client)) => {
            told.send_replace(Link { up: true, why: String::new() });
            return Ok(client);
        }
        Ok(Err(error)) if is_of_tls(&error) => return Err(NatsError::Tls(error.to_string())),
        Ok(Err(error)) => match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                return Err(NatsError::Refused(error.to_string()));
            }
            ConnectErrorKind::Tls => return Err(NatsError::Tls(error.to_string())),
            ConnectErrorKind::ServerParse => return Err(NatsError::Address(error.to_string())),
            ConnectErrorKind::Dns
            | ConnectErrorKind::TimedOut
            | ConnectErrorKind::Io
            | ConnectErrorKind::MaxReconnects => error.to_string(),
        },
        Err(_) => "no answer in time".to_owned(),
    };
    tracing::warn!("no broker at {} yet ({why}); it is waited for", config.servers);
    let later = options(config, &told).await?.retry_on_initial_connect();
    later.connect(config.servers.addresses()).await.map_err(|error| NatsError::Address(error.to_string()))
}

/// Whether the two do not trust each other. The library tells of a network that fails then; waiting would not mend it.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    // What an io::Error carries is not among its sources, only what that has for sources is.
    let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    carried.is_some_and(|carried| carried.is::<rustls::Error>()) || error.source().is_some_and(is_of_tls)
}

async fn options(config: &NatsConfig, told: &watch::Sender<Link>) -> Result<ConnectOptions, NatsError> {
    let told = told.clone();
    Ok(config.options().await?.event_callback(move |event| {
        let told = told.clone();
        async move {
            match event {
                Event::Connected => drop(told.send_replace(Link { up: true, why: String::new() })),
                Event::Disconnected | Event::Closed => {
                    let why = "the connection to the broker is lost".to_owned();
                    told.send_replace(Link { up: false, why });
                }
                Event::ServerError(_) | Event::ClientError(_) | Event::SlowConsumer(_) => {
                    tracing::warn!("the broker: {event}");
                }
                Event::LameDuckMode | Event::Draining => {}
            }
        }
    }))
}
