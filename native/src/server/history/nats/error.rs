use std::path::PathBuf;

use heartline_core::room::engine::Unavailable;

/// Why a history on NATS cannot be begun with. A broker that is merely away is no reason.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// Not an address.
    #[error("this is no address of a broker ({0}); it is written nats://host:port[,host:port], or tls://")]
    Address(String),
    /// Not a name of a stream.
    #[error("{0:?} cannot be a stream's name; use at most 64 letters, digits, - and _")]
    Name(String),
    /// A number of replicas that brokers do not take.
    #[error("a stream has 1, 3 or 5 replicas, not {0}")]
    Replicas(usize),
    /// Credentials or a certificate.
    #[error("{} cannot be read: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The broker does not let us in.
    #[error("the broker refuses us: {0}; look at the credentials")]
    Refused(String),
    /// The broker and we do not trust each other.
    #[error("there is no TLS with the broker: {0}; look at the certificates")]
    Tls(String),
    /// A stream of that name serves something else.
    #[error("the stream {stream} is not ours to use: {why}; choose another name for it, or mend it")]
    Foreign {
        /// Which.
        stream: String,
        /// What is wrong with it.
        why: String,
    },
    /// A broker without streams.
    #[error("the broker has no JetStream; start it with `nats-server -js`, or enable it for this account")]
    NoJetStream,
}

/// The broker could not do it now, in the words that clients and `/readyz` are told.
pub(super) fn unavailable(error: impl std::fmt::Display) -> Unavailable {
    Unavailable(format!("the broker: {error}"))
}
