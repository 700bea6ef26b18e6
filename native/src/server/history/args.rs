//! The flags that say where the history lies and how much of it is kept.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use heartline_core::room::engine::MemoryConfig;

use super::{Durability, HistoryConfig, Keep, NatsConfig, NatsError, NatsKeep, Servers, SqliteConfig};
use crate::cli::quantity::{bytes as size, duration};
use crate::private;

/// Where the history lies, and how much of it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "History")]
pub struct HistoryArgs {
    /// Where what was said is kept: sqlite:PATH (a file), nats://HOST:PORT[,...] (JetStream, which several servers may
    /// share), or memory (it ends with the server). Default: the file
    /// heartline/history.sqlite3 in your data directory ($XDG_DATA_HOME or ~/.local/share).
    #[arg(long, env = "HEARTLINE_HISTORY", value_name = "WHERE")]
    pub history: Option<Where>,
    /// What an accepted message survives.
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub durability: Durability,
    /// How old a message in a file gets (a message in memory: as old as the server).
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30d")]
    pub keep_age: Duration,
    /// How many messages of a room a file keeps (memory: 10,000).
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub keep_messages: u64,
    /// How many bytes of a room a file keeps (memory: 4 MiB).
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "1G")]
    pub keep_room_bytes: usize,
    /// How many bytes of all rooms together a file keeps (memory: 256 MiB); beyond it the largest room is trimmed. The
    /// file itself is about twice as long, and does not get shorter.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "8G")]
    pub keep_bytes: usize,
    /// The broker's stream, which is made if there is none; two more begin with its name.
    #[arg(long, value_name = "NAME", default_value = "HEARTLINE")]
    pub nats_stream: String,
    /// How many brokers keep each message: 1, 3 or 5. Only counts when the stream is made.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub nats_replicas: usize,
    /// A file of credentials for the broker, as nsc writes it. A user and a password, or a token, stand in the address
    /// (nats://USER:PASSWORD@HOST, nats://TOKEN@HOST), best given by HEARTLINE_HISTORY: everybody reads a command line.
    #[arg(long, value_name = "FILE")]
    pub nats_creds: Option<PathBuf>,
    /// A file with the seed of an nkey, for a broker that knows us by its public key.
    #[arg(long, value_name = "FILE", conflicts_with = "nats_creds")]
    pub nats_nkey: Option<PathBuf>,
    /// Who signs the broker's certificate, beside whom the system trusts (PEM).
    #[arg(long, value_name = "FILE")]
    pub nats_ca: Option<PathBuf>,
    /// Our certificate for the broker (PEM).
    #[arg(long, value_name = "FILE", requires = "nats_key")]
    pub nats_cert: Option<PathBuf>,
    /// The private key of that certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "nats_cert")]
    pub nats_key: Option<PathBuf>,
}

/// Where a history may lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// In memory.
    Memory,
    /// In this file.
    Sqlite(PathBuf),
    /// On these brokers.
    Nats(Servers),
}

/// There is no place without a flag.
#[derive(Debug, thiserror::Error)]
#[error(
    "nobody says where your data goes: set HOME or XDG_DATA_HOME, or name a place with --history sqlite:PATH"
)]
pub struct NoHome;

/// The file of a server without flags.
///
/// # Errors
/// The user has no data directory.
pub fn default_file() -> Result<PathBuf, NoHome> {
    Ok(private::data_folder().ok_or(NoHome)?.join("history.sqlite3"))
}

impl FromStr for Where {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        if typed == "memory" {
            return Ok(Self::Memory);
        }
        match typed.strip_prefix("sqlite:") {
            Some("") => Err("the path is missing behind sqlite:".to_owned()),
            Some(path) => Ok(Self::Sqlite(path.into())),
            None if typed.starts_with("nats://") || typed.starts_with("tls://") => {
                typed.parse().map(Self::Nats).map_err(|error: NatsError| error.to_string())
            }
            None => Err("a history lies in sqlite:PATH, at nats://HOST:PORT or in memory".to_owned()),
        }
    }
}

impl HistoryArgs {
    /// What the flags mean.
    ///
    /// # Errors
    /// No place is named and the user has no data directory.
    pub fn config(&self) -> Result<HistoryConfig, NoHome> {
        let path = match &self.history {
            Some(Where::Memory) => return Ok(HistoryConfig::Memory(MemoryConfig::default())),
            Some(Where::Nats(servers)) => return Ok(HistoryConfig::Nats(self.nats(servers))),
            Some(Where::Sqlite(path)) => path.clone(),
            None => default_file()?,
        };
        let bytes = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        let keep = Keep {
            age: self.keep_age,
            messages: self.keep_messages,
            room_bytes: bytes(self.keep_room_bytes),
            bytes: bytes(self.keep_bytes),
            ..Keep::default()
        };
        Ok(HistoryConfig::Sqlite(SqliteConfig { path, durability: self.durability, keep }))
    }

    /// A stream has all rooms, so what is said of one room does not count there.
    fn nats(&self, servers: &Servers) -> NatsConfig {
        let bytes = u64::try_from(self.keep_bytes).unwrap_or(u64::MAX);
        NatsConfig {
            credentials: self.nats_creds.clone(),
            nkey: self.nats_nkey.clone(),
            ca: self.nats_ca.clone(),
            certificate: self.nats_cert.clone().zip(self.nats_key.clone()),
            stream: self.nats_stream.clone(),
            replicas: self.nats_replicas,
            keep: NatsKeep { age: Some(self.keep_age), messages: None, bytes: Some(bytes) },
            ..NatsConfig::new(servers.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        history: HistoryArgs,
    }

    #[test]
    fn a_place_is_named_or_the_error_names_all() {
        let place = |typed: &str| typed.parse::<Where>();
        assert_eq!(place("memory"), Ok(Where::Memory));
        assert_eq!(place("sqlite:a file"), Ok(Where::Sqlite("a file".into())));
        assert_eq!(place("nats://one:4222"), Ok(Where::Nats("nats://one:4222".parse().unwrap())));
        assert!(place("nats://one:port").is_err());
        for wrong in ["", "sqlite:", "sqlite", "/tmp/file", "postgres://x"] {
            assert!(place(wrong).is_err_and(|words| words.contains("sqlite:")), "{wrong}");
        }
    }

    #[test]
    fn without_flags_a_file_keeps_what_the_default_keeps() {
        let config = Program::parse_from(["heartline", "--history", "sqlite:x"]).history.config().unwrap();
        let HistoryConfig::Sqlite(SqliteConfig { durability, keep, .. }) = config else {
            panic!("{config:?}")
        };
        assert_eq!((durability, keep), (Durability::Process, Keep::default()));
    }

    #[test]
    fn a_broker_is_dialled_as_the_flags_say() {
        let flags = "heartline --history tls://one,two --nats-replicas 3 --nats-stream TEA --nats-creds a \
                     --nats-ca b --nats-cert c --nats-key d --keep-bytes 1K";
        let config = Program::parse_from(flags.split_whitespace()).history.config().unwrap();
        let HistoryConfig::Nats(config) = config else { panic!("{config:?}") };
        assert_eq!((config.replicas, &*config.stream, config.keep.bytes), (3, "TEA", Some(1024)));
        assert_eq!((config.credentials, config.ca), (Some("a".into()), Some("b".into())));
        assert_eq!(config.certificate, Some(("c".into(), "d".into())));
        assert!(Program::try_parse_from(["heartline", "--nats-cert", "c"]).is_err(), "without its key");
        let flags = ["heartline", "--history", "nats://one", "--nats-nkey", "a"];
        let HistoryConfig::Nats(config) = Program::parse_from(flags).history.config().unwrap() else {
            panic!("{flags:?}")
        };
        assert_eq!(config.nkey, Some("a".into()));
    }
}
