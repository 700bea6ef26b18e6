//! What seqs count in. The broker counts its stream's messages; where it lost the end of them it would count on from there, and
//! give a seq a second time. So all servers agree on an epoch that lies beside the stream, and begin another when
//!
//! * the stream was made anew,
//! * it ends before a message that this server saw, or that some server [noted](super::notes),
//! * another message is at the place of one of these.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::stream::Info;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use heartline_core::room::engine::Unavailable;
use serde::{Deserialize, Serialize};

use super::broker::{Broker, Put};
use super::error::unavailable;
use super::marks::made;

/// A new leader may not have applied all it has: so a missing end is looked for again before it counts as lost.
const LOOKS: u32 = 6;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// How often another server may be first with an epoch before we give up for now.
const TRIES: usize = 8;

/// The last message that a server saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) epoch: Arc<str>,
    pub(super) seq: u64,
    /// When the broker took it, in nanoseconds since 1970; `None` if only its seq is known.
    pub(super) at: Option<i128>,
}

/// As it lies beside the stream.
#[derive(Debug, Deserialize, Serialize)]
struct Agreed {
    epoch: String,
    /// When the stream was made.
    made: String,
}

/// The epoch that all servers count in, and the stream as it is in it.
pub(super) async fn agree(broker: &Broker, seen: Option<&Seen>) -> Result<(Arc<str>, Info), Unavailable> {
    for _ in 0..TRIES {
        let info = broker.info().await?;
        let (agreed, at) = read(broker).await?;
        let why = match &agreed {
            None => "there was none",
            Some(agreed) if agreed.made != made(&info) => "the stream was made anew",
            Some(agreed) if !has_lost(broker, &agreed.epoch, seen).await? => {
                // What came meanwhile is followed.
                return Ok((agreed.epoch.as_str().into(), info));
            }
            Some(_) => "the stream has lost its end",
        };
        let epoch = BASE64_URL_SAFE_NO_PAD.encode(fastrand::u128(..).to_be_bytes());
        let anew = Agreed { epoch, made: made(&info) };
        let payload = serde_json::to_vec(&anew).expect("strings can be written as JSON");
        if let Put::At(_) = broker.put(broker.names.epoch(), at, payload.into()).await? {
            tracing::warn!(epoch = anew.epoch, last = info.state.last_sequence, "a new epoch: {why}");
            return Ok((anew.epoch.into(), info));
        }
    }
    Err(unavailable("other servers begin epochs all the time"))
}

/// The epoch at this moment.
pub(super) async fn current(broker: &Broker) -> Result<Option<String>, Unavailable> {
    Ok(read(broker).await?.0.map(|agreed| agreed.epoch))
}

async fn read(broker: &Broker) -> Result<(Option<Agreed>, u64), Unavailable> {
    let Some(message) = broker.last_in(&broker.names.meta, broker.names.epoch()).await? else {
        return Ok((None, 0));
    };
    let agreed = serde_json::from_slice(&message.payload)
        .map_err(|error| unavailable(format!("{} is not ours: {error}", message.subject)))?;
    Ok((Some(agreed), message.sequence))
}

async fn has_lost(broker: &Broker, epoch: &str, seen: Option<&Seen>) -> Result<bool, Unavailable> {
    let seen = seen.filter(|seen| *seen.epoch == *epoch);
    let least = seen.map_or(0, |seen| seen.seq);
    for look in 1.. {
        let ends_before = broker.info().await?.state.last_sequence < least;
        if !ends_before && !is_replaced(broker, seen).await? && !broker.lacks_noted(epoch).await? {
            return Ok(false);
        }
        if look == LOOKS {
            break;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(true)
}

/// Whether another message is at the place of the last that was seen.
pub(super) async fn is_replaced(broker: &Broker, seen: Option<&Seen>) -> Result<bool, Unavailable> {
    let Some(Seen { seq, at: Some(at), .. }) = seen else { return Ok(false) };
    let there = broker.at(*seq).await?;
    // It may have been trimmed.
    Ok(there.is_some_and(|message| message.time.unix_timestamp_nanos() != *at))
}
