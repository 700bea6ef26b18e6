//! Whether brokers that keep the same messages do.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use async_nats::jetstream::stream::{Config, DirectGetErrorKind};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::broker::Broker;

/// How many messages are asked for at once.
const AT_ONCE: usize = 64;

impl Broker {
    /// Asks each of them for the whole stream, and tells where two of them differ. Changes the stream so that they may be asked.
    ///
    /// # Errors
    /// The stream is not there, or one of them does not answer.
    pub(crate) async fn disagreement(&self, name: &str) -> Result<Option<String>> {
        let mut replicas = Vec::new();
        for url in self.url().trim_start_matches("nats://").split(',') {
            replicas
                .push((url.to_owned(), replica(url, name).await.with_context(|| format!("asking {url}"))?));
        }
        let [(first, known), others @ ..] = &replicas[..] else { return Ok(None) };
        let differs = others.iter().find_map(|(other, there)| {
            let seqs = known.keys().chain(there.keys());
            let seq = seqs.filter(|seq| known.get(seq) != there.get(seq)).min()?;
            Some(format!("{first} and {other} keep different messages from {seq} on"))
        });
        Ok(differs)
    }
}

/// What one of them keeps: whoever asks it gets its own answer, as long as it has one.
async fn replica(url: &str, name: &str) -> Result<BTreeMap<u64, (String, Vec<u8>)>> {
    let context = async_nats::jetstream::new(async_nats::connect(url).await?);
    let info = context.get_stream(name).await?.cached_info().clone();
    let config = Config { allow_direct: true, ..info.config };
    let state = context.update_stream(&config).await?.state;
    let stream = context.get_stream(name).await?;
    let messages = stream::iter(state.first_sequence.max(1)..=state.last_sequence).map(|seq| {
        let stream = &stream;
        async move {
            match stream.direct_get(seq).await {
                Ok(message) => Ok(Some((seq, (message.subject.to_string(), message.payload.to_vec())))),
                Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            }
        }
    });
    messages.buffer_unordered(AT_ONCE).try_filter_map(async |one| Ok(one)).try_collect().await
}
