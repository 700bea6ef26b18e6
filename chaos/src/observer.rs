//! Somebody who only looks on: follows the stream at each broker, so that what brokers do can be told from what servers do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use async_nats::jetstream::consumer::{AckPolicy, pull};
use futures_util::StreamExt as _;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// From one failure to the next try.
const RETRY: Duration = Duration::from_millis(200);

/// One who reads and hears nothing for two of these reads anew.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The most that one request for messages lasts.
const REQUEST: Duration = Duration::from_secs(30);

/// What lies at a place: its subject and its bytes.
pub(crate) type Content = (String, Vec<u8>);

/// What was ever seen at each place.
type Seen = Arc<Mutex<BTreeMap<u64, BTreeSet<Content>>>>;

/// One for each broker.
#[derive(Debug)]
pub(crate) struct Observers {
    seen: Seen,
    tasks: Vec<JoinHandle<()>>,
}

impl Observers {
    /// Begins to look on. The stream may come later.
    pub(crate) fn begin(urls: impl Iterator<Item = String>, stream: &'static str) -> Self {
        let seen = Seen::default();
        let look_on = |url: String| {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                loop {
                    // A broker that is away, or has no stream yet, is asked again.
                    let _ = look_on(&url, stream, &seen).await;
                    sleep(RETRY).await;
                }
            })
        };
        let tasks = urls.map(look_on).collect();
        Self { seen, tasks }
    }

    /// The first place at which two different things were seen.
    pub(crate) fn contradiction(&self) -> Option<u64> {
        locked(&self.seen).iter().find(|(_, ever)| ever.len() > 1).map(|(seq, _)| *seq)
    }

    /// The first place at which something else was seen than is there in the end.
    pub(crate) fn given_twice(&self, there: &BTreeMap<u64, Content>) -> Option<u64> {
        let seen = locked(&self.seen);
        seen.iter()
            .find(|(seq, ever)| ever.iter().any(|one| there.get(seq) != Some(one)))
            .map(|(seq, _)| *seq)
    }
}

impl Drop for Observers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Reads all there is, and then what comes, until something fails.
async fn look_on(url: &str, stream: &str, seen: &Seen) -> Result<()> {
    let context = async_nats::jetstream::new(async_nats::connect(url).await?);
    let config = pull::Config { ack_policy: AckPolicy::None, num_replicas: 1, ..pull::Config::default() };
    let reader = context.get_stream(stream).await?.create_consumer(config).await?;
    let mut messages = reader.stream().heartbeat(HEARTBEAT).expires(REQUEST).messages().await?;
    while let Some(message) = messages.next().await {
        let message = message?;
        let seq = message
            .info()
            .map_err(|error| anyhow::anyhow!("{error}"))
            .context("a message without a place")?
            .stream_sequence;
        let content = (message.subject.to_string(), message.payload.to_vec());
        locked(seen).entry(seq).or_default().insert(content);
    }
    Ok(())
}

fn locked(seen: &Seen) -> MutexGuard<'_, BTreeMap<u64, BTreeSet<Content>>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
