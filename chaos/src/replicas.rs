//! Whether brokers that keep the same messages do.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use async_nats::jetstream::stream::{Config, DirectGetErrorKind};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, sleep};

use crate::broker::Broker;
use crate::observer::{Content, Observers};

/// How many messages are asked for at once.
const AT_ONCE: usize = 64;

/// One that was just started or continued catches up first. One that does not answer for as long does not answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// From one failure to the next try.
const RETRY: Duration = Duration::from_millis(500);

impl Broker {
    /// Asks each of them for the whole stream, and tells where two of them differ, or where something else was seen before; of brokers
    /// that do not answer any more, where two different things were seen. Changes the stream so that they may be asked.
    pub(crate) async fn disagreement(&self, name: &str, observers: &Observers) -> Option<String> {
        let mut replicas = Vec::new();
        for url in self.urls() {
            // One that cannot be asked proves nothing by that.
            if let Ok(kept) = patiently(&url, name).await {
                replicas.push((url, kept));
            }
        }
        let [(first, known), others @ ..] = &replicas[..] else {
            let seq = observers.contradiction()?;
            return Some(format!(
                "two different messages were seen at {seq}, and none of the brokers answers any more"
            ));
        };
        let differs = others.iter().find_map(|(other, there)| {
            let seqs = known.keys().chain(there.keys());
            let seq = seqs.filter(|seq| known.get(seq) != there.get(seq)).min()?;
            Some(format!("{first} and {other} keep different messages from {seq} on"))
        });
        let twice = || {
            let seq = observers.given_twice(known)?;
            Some(format!("at {seq} something else was seen than is there in the end"))
        };
        differs.or_else(twice)
    }
}

/// What one of them keeps, asked again while it does not answer.
async fn patiently(url: &str, name: &str) -> Result<BTreeMap<u64, Content>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match replica(url, name).await {
            Err(_) if Instant::now() < deadline => sleep(RETRY).await,
            answer => return answer,
        }
    }
}

/// What one of them keeps: whoever asks it gets its own answer, as long as it has one.
async fn replica(url: &str, name: &str) -> Result<BTreeMap<u64, Content>> {
    let context = async_nats::jetstream::new(async_nats::connect(url).await?);
    let info = context.get_stream(name).await.context("the stream")?.cached_info().clone();
    let config = Config { allow_direct: true, ..info.config };
    let state = context.update_stream(&config).await.context("its settings")?.state;
    let stream = context.get_stream(name).await.context("the stream as it is set")?;
    let messages = stream::iter(state.first_sequence.max(1)..=state.last_sequence).map(|seq| {
        let stream = &stream;
        async move {
            match stream.direct_get(seq).await {
                Ok(message) => Ok(Some((seq, (message.subject.to_string(), message.payload.to_vec())))),
                Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
                Err(error) => Err(error).with_context(|| format!("message {seq}")),
            }
        }
    });
    messages.buffer_unordered(AT_ONCE).try_filter_map(async |one| Ok(one)).try_collect().await
}
