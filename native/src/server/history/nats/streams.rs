//! The three streams: made if there are none, and looked at whether they are ours.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};
use heartline_core::room::engine::Unavailable;

use super::broker::Broker;
use super::error::unavailable;
use super::{NatsConfig, NatsError};

/// Why there is no history now.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Nobody can mend it by waiting.
    Wrong(NatsError),
    /// It may be there in a moment.
    Away(Unavailable),
}

impl From<Unavailable> for Trouble {
    fn from(away: Unavailable) -> Self {
        Self::Away(away)
    }
}

/// Sees to it that all three are there. Returns what the broker says of the one with the messages.
pub(super) async fn prepare(broker: &Broker, config: &NatsConfig) -> Result<Info, Trouble> {
    let names = &broker.names;
    let said = Config {
        name: names.said.clone(),
        subjects: vec![names.all()],
        // A full disk is refused: nothing goes without its mark.
        discard: DiscardPolicy::New,
        ..common(config)
    };
    let meta = Config {
        name: names.meta.clone(),
        subjects: vec![format!("{}.>", names.meta)],
        max_messages_per_subject: 1,
        ..common(config)
    };
    let authors = Config {
        name: names.authors.clone(),
        subjects: vec![format!("{}.>", names.authors)],
        max_messages_per_subject: 1,
        max_age: config.author_age,
        ..common(config)
    };
    ensure(broker, meta).await?;
    ensure(broker, authors).await?;
    ensure(broker, said).await
}

fn common(config: &NatsConfig) -> Config {
    Config {
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        num_replicas: config.replicas,
        description: Some("Heartline's history: see docs/history.md".to_owned()),
        ..Config::default()
    }
}

async fn ensure(broker: &Broker, wanted: Config) -> Result<Info, Trouble> {
    match broker.context.get_stream(&wanted.name).await {
        Ok(stream) => {
            let info = stream.cached_info();
            judge(&info.config, &wanted).map_err(Trouble::Wrong)?;
            Ok(info.clone())
        }
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                create(broker, wanted).await
            }
            GetStreamErrorKind::JetStream(error) if has_none(error.error_code()) => {
                Err(Trouble::Wrong(NatsError::NoJetStream))
            }
            GetStreamErrorKind::JetStream(_)
            | GetStreamErrorKind::EmptyName
            | GetStreamErrorKind::InvalidStreamName
            | GetStreamErrorKind::Request => Err(Trouble::Away(unavailable(error))),
        },
    }
}

/// Another server that makes the same stream at the same time does no harm.
async fn create(broker: &Broker, wanted: Config) -> Result<Info, Trouble> {
    let stream = wanted.name.clone();
    let error = match broker.context.create_stream(wanted).await {
        Ok(stream) => return Ok(stream.cached_info().clone()),
        Err(error) => error,
    };
    if let CreateStreamErrorKind::JetStream(said) = error.kind()
        && said.error_code() == ErrorCode::STREAM_SUBJECT_OVERLAP
    {
        let why = "another stream takes its subjects".to_owned();
        return Err(Trouble::Wrong(NatsError::Foreign { stream, why }));
    }
    Err(Trouble::Away(unavailable(error)))
}

/// More replicas, other storage and limits of their own are the operator's choice; what would break the promises is not.
fn judge(found: &Config, wanted: &Config) -> Result<(), NatsError> {
    let per_subject = |config: &Config| config.max_messages_per_subject.max(0);
    let why = if found.subjects != wanted.subjects {
        format!("it takes {}, not {}", found.subjects.join(", "), wanted.subjects.join(", "))
    } else if found.retention != RetentionPolicy::Limits {
        "it deletes messages once they were read".to_owned()
    } else if per_subject(found) != per_subject(wanted) {
        format!("it keeps {} messages of a subject", found.max_messages_per_subject)
    } else if found.no_ack {
        "it acknowledges nothing".to_owned()
    } else if found.sealed || found.mirror.is_some() || found.sources.is_some() {
        "it is sealed, or gets its messages from elsewhere".to_owned()
    } else {
        return Ok(());
    };
    Err(NatsError::Foreign { stream: wanted.name.clone(), why })
}

fn has_none(code: ErrorCode) -> bool {
    [ErrorCode::JETSTREAM_NOT_ENABLED, ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT].contains(&code)
}
