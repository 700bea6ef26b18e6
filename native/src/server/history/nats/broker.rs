//! What is asked of the broker, each in one round trip or a few. Everything waits at most [`PATIENCE`] for an answer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::{PublishMessage, StreamMessage};
use async_nats::jetstream::stream::{Info, RawMessageErrorKind, Stream};
use async_nats::jetstream::{Context, Message, context::ContextBuilder};
use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use futures_util::StreamExt as _;
use heartline_core::room::engine::Unavailable;

use super::config::PATIENCE;
use super::error::unavailable;
use super::judge::Repeats;
use super::names::Names;
use super::record::Record;

/// How many messages are asked for at once.
const BATCH: usize = 256;

/// The broker keeps the state of a reader that is gone for so long.
const READER_AGE: Duration = Duration::from_secs(10);

/// What the broker counts beside subject and payload: its own numbers and our one header.
const OVERHEAD: u64 = 90;

/// The way to the broker.
#[derive(Clone, Debug)]
pub(super) struct Broker {
    pub(super) client: Client,
    pub(super) context: Context,
    pub(super) names: Arc<Names>,
    pub(super) repeats: Arc<Repeats>,
}

/// A message in the stream.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) seq: u64,
    /// When the broker took it, in nanoseconds since 1970.
    pub(super) at: i128,
    /// About what the broker counts for it, in bytes.
    pub(super) size: u64,
    /// `None`: not ours.
    pub(super) record: Option<Record>,
}

/// What became of something that was put in on a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It lies there.
    At(u64),
    /// The condition does not hold: somebody else was first.
    Moved,
}

/// What a read keeps of what it finds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Want {
    /// So many messages and about so many bytes, then it stops.
    First { messages: usize, bytes: usize },
    /// Only the last so many.
    Last(usize),
}

/// What a read found, in the order of seqs.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) messages: VecDeque<Stored>,
    /// It stopped though there was more.
    pub(super) more: bool,
}

impl Broker {
    pub(super) fn new(client: Client, names: Arc<Names>) -> Self {
        let context = ContextBuilder::new().timeout(PATIENCE).ack_timeout(PATIENCE).build(client.clone());
        Self { client, context, names, repeats: Arc::default() }
    }

    /// The stream's configuration and state, from its leader.
    pub(super) async fn info(&self) -> Result<Info, Unavailable> {
        self.stream(&self.names.said).await?.get_info().await.map_err(unavailable)
    }

    /// The message at this place, if it is there.
    pub(super) async fn at(&self, seq: u64) -> Result<Option<StreamMessage>, Unavailable> {
        found(self.stream(&self.names.said).await?.raw_message_builder().sequence(seq).send().await)
    }

    /// Where the first message of a subject is from this place on.
    pub(super) async fn first(&self, subject: String, from: u64) -> Result<Option<u64>, Unavailable> {
        let stream = self.stream(&self.names.said).await?;
        let first = stream.raw_message_builder().sequence(from).next_by_subject(subject).send().await;
        Ok(found(first)?.map(|message| message.sequence))
    }

    /// The last message on a subject, which may have wildcards.
    pub(super) async fn last(&self, subject: String) -> Result<Option<Stored>, Unavailable> {
        let last = self.last_in(&self.names.said, subject).await?;
        Ok(last.map(|message| {
            Stored::new(
                message.sequence,
                message.time.unix_timestamp_nanos(),
                &message.subject,
                &message.payload,
            )
        }))
    }

    /// The last message on a subject of some stream.
    pub(super) async fn last_in(
        &self,
        stream: &str,
        subject: String,
    ) -> Result<Option<StreamMessage>, Unavailable> {
        found(self.stream(stream).await?.raw_message_builder().last_by_subject(subject).send().await)
    }

    /// Appends to a subject whose last message is at `expected` (0: that has none).
    ///
    /// # Errors
    /// It may have been appended all the same.
    pub(super) async fn put(
        &self,
        subject: String,
        expected: u64,
        payload: Bytes,
    ) -> Result<Put, Unavailable> {
        let message = PublishMessage::build()
            .headers(HeaderMap::new())
            .payload(payload)
            .expected_last_subject_sequence(expected);
        let acknowledged = async { self.context.send_publish(subject, message).await?.await };
        match acknowledged.await {
            Ok(ack) => Ok(Put::At(ack.sequence)),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(Put::Moved),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Finds out whether it takes anything.
    pub(super) async fn probe(&self) -> Result<(), Unavailable> {
        let probe = self.names.probe();
        let acknowledged = async { self.context.publish(probe, Bytes::new()).await?.await };
        acknowledged.await.map(drop).map_err(unavailable)
    }

    /// The messages of a subject from `from` to below `until`.
    pub(super) async fn range(
        &self,
        filter: String,
        from: u64,
        until: u64,
        want: Want,
    ) -> Result<Found, Unavailable> {
        if from >= until {
            return Ok(Found::default());
        }
        let reader = self.reader(filter, from, READER_AGE).await?;
        let read = tokio::time::timeout(PATIENCE, drain(&reader, until, want)).await;
        // Nothing hangs on it: the broker forgets a reader that nobody uses.
        let delete = format!("$JS.API.CONSUMER.DELETE.{}.{}", self.names.said, reader.cached_info().name);
        let _ = self.client.publish(delete, Bytes::new()).await;
        read.map_err(|_| unavailable("no answer in time"))?
    }

    /// Something that reads a subject from a place on. The broker keeps it in memory, on one machine.
    pub(super) async fn reader(
        &self,
        filter: String,
        from: u64,
        age: Duration,
    ) -> Result<PullConsumer, Unavailable> {
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from.max(1) },
            ack_policy: AckPolicy::None,
            filter_subject: filter,
            inactive_threshold: age,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        self.stream(&self.names.said).await?.create_consumer(config).await.map_err(unavailable)
    }

    pub(super) async fn stream(&self, name: &str) -> Result<Stream<()>, Unavailable> {
        self.context.get_stream_no_info(name).await.map_err(unavailable)
    }
}

impl Stored {
    /// Reads what a reader brought. The second number counts what it brought.
    pub(super) fn read(message: &Message) -> Result<(Self, u64), Unavailable> {
        let info = message.info().map_err(unavailable)?;
        let at = info.published.unix_timestamp_nanos();
        let stored = Self::new(info.stream_sequence, at, &message.subject, &message.payload);
        Ok((stored, info.consumer_sequence))
    }

    fn new(seq: u64, at: i128, subject: &str, payload: &[u8]) -> Self {
        let size = (subject.len() + payload.len()) as u64 + OVERHEAD;
        Self { seq, at, size, record: Record::decode(payload) }
    }
}

async fn drain(reader: &PullConsumer, until: u64, want: Want) -> Result<Found, Unavailable> {
    let mut found = Found::default();
    let mut pending = usize::try_from(reader.cached_info().num_pending).unwrap_or(usize::MAX);
    let (mut bytes, mut count) = (0, 0);
    while pending > 0 {
        let ask = match want {
            Want::First { messages, .. } => BATCH.min(messages - found.messages.len()),
            Want::Last(_) => BATCH,
        };
        let asked = ask.min(pending);
        let mut batch = reader.fetch().max_messages(asked).messages().await.map_err(unavailable)?;
        let before = count;
        while let Some(message) = batch.next().await {
            let message = message.map_err(unavailable)?;
            let (stored, nth) = Stored::read(&message)?;
            count += 1;
            if nth != count {
                return Err(unavailable("a message was lost on its way"));
            }
            if stored.seq >= until {
                return Ok(found);
            }
            bytes += message.payload.len();
            match want {
                Want::First { bytes: most, .. } if bytes > most && !found.messages.is_empty() => {
                    found.more = true;
                    return Ok(found);
                }
                Want::Last(most) if found.messages.len() == most => {
                    found.more = true;
                    found.messages.pop_front();
                }
                Want::First { .. } | Want::Last(_) => {}
            }
            found.messages.push_back(stored);
        }
        if count == before {
            return Err(unavailable("it has less than it said"));
        }
        pending = pending.saturating_sub(usize::try_from(count - before).unwrap_or(usize::MAX));
        if let Want::First { messages, .. } = want
            && found.messages.len() >= messages
        {
            found.more = pending > 0;
            break;
        }
    }
    Ok(found)
}

fn found(
    answer: Result<StreamMessage, async_nats::error::Error<RawMessageErrorKind>>,
) -> Result<Option<StreamMessage>, Unavailable> {
    match answer {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(unavailable(error)),
    }
}
