//! Numbers beside the messages, each the last message of a subject of its own. They only rise, whoever writes them.

use async_nats::jetstream::stream::Info;
use heartline_core::room::Identity;
use heartline_core::room::engine::Unavailable;
use serde::{Deserialize, Serialize};

use super::broker::{Broker, Put};
use super::error::unavailable;

/// How often somebody else may be first before we give up for now.
const TRIES: usize = 16;

/// What such a message says.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Mark {
    /// The number.
    pub(super) value: u64,
    /// What it counts in: an epoch, or when the stream was made. Elsewhere it means nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    of: String,
}

impl Broker {
    /// The number on a subject of a stream; 0 if there is none, or if it counts in something else.
    pub(super) async fn mark(&self, stream: &str, subject: String, of: &str) -> Result<u64, Unavailable> {
        let (mark, _) = self.read_mark(stream, subject).await?;
        Ok(if mark.of == of { mark.value } else { 0 })
    }

    /// Sees to it that the number on a subject is at least this.
    pub(super) async fn raise(
        &self,
        stream: &str,
        subject: String,
        value: u64,
        of: &str,
    ) -> Result<(), Unavailable> {
        for _ in 0..TRIES {
            let (mark, at) = self.read_mark(stream, subject.clone()).await?;
            if at != 0 && mark.of == of && mark.value >= value {
                return Ok(());
            }
            let mark = Mark { value, of: of.to_owned() };
            let payload = serde_json::to_vec(&mark).expect("numbers can be written as JSON");
            if let Put::At(_) = self.put(subject.clone(), at, payload.into()).await? {
                return Ok(());
            }
        }
        Err(unavailable("others write the same mark all the time"))
    }

    async fn read_mark(&self, stream: &str, subject: String) -> Result<(Mark, u64), Unavailable> {
        let Some(message) = self.last_in(stream, subject).await? else { return Ok((Mark::default(), 0)) };
        let mark = serde_json::from_slice(&message.payload)
            .map_err(|error| unavailable(format!("{} is not ours: {error}", message.subject)))?;
        Ok((mark, message.sequence))
    }

    /// The highest id that was trimmed of an author in a room.
    pub(super) async fn trimmed_id(&self, room: &str, from: Identity) -> Result<u64, Unavailable> {
        let names = &self.names;
        self.mark(&names.authors, names.author_mark(room, from), "").await
    }

    /// The seq before the first message that is left of a room: 0, or what trimming left as its mark. Where somebody else deleted
    /// the beginning of the stream, nobody knows what was there: then it is the seq before all that is left.
    pub(super) async fn beginning(&self, room: &str) -> Result<u64, Unavailable> {
        let names = &self.names;
        // In this order: trimming writes its marks before it deletes.
        let info = self.info().await?;
        let made = made(&info);
        let (mark, all) = futures_util::future::try_join(
            self.mark(&names.meta, names.room_mark(room), &made),
            self.mark(&names.meta, names.trimmed(), &made),
        )
        .await?;
        let gone = info.state.first_sequence.saturating_sub(1);
        Ok(if gone > all { mark.max(gone) } else { mark })
    }
}

/// When the stream was made: another one of the same name counts anew.
pub(super) fn made(info: &Info) -> String {
    info.created.unix_timestamp_nanos().to_string()
}
