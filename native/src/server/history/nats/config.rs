//! Where the broker is, how to be let in, and how much it shall keep.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use async_nats::{ConnectOptions, ServerAddr};
use heartline_core::wire::Limits;
use percent_encoding::percent_decode_str;

use super::NatsError;

/// A history on NATS JetStream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatsConfig {
    /// The brokers of one cluster.
    pub servers: Servers,
    /// A file as `nsc` writes it, with a JWT and the seed of a key.
    pub credentials: Option<PathBuf>,
    /// A file with the seed of an nkey, for brokers that know users by their public keys.
    pub nkey: Option<PathBuf>,
    /// Who signs the brokers' certificates, beside whom the system trusts (PEM).
    pub ca: Option<PathBuf>,
    /// Our certificate and its private key (PEM).
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// The stream, which is made if there is none; two more begin with its name. Letters, digits, `-` and `_`.
    pub stream: String,
    /// How many brokers keep each message: 1, 3 or 5. Only counts when the stream is made.
    pub replicas: usize,
    /// What is trimmed.
    pub keep: NatsKeep,
    /// How long the highest id of an author whose messages were all trimmed is known: as long as `limits.outbox_age_s`, for no
    /// outbox sends anything older.
    pub author_age: Duration,
}

/// How much history is kept, of all rooms together. `None`: without end, so that a full disk is refused and clients hold theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NatsKeep {
    /// Nothing older than this.
    pub age: Option<Duration>,
    /// Not more messages.
    pub messages: Option<u64>,
    /// Not more bytes, as the broker counts them.
    pub bytes: Option<u64>,
}

/// Addresses of brokers. Passwords in them are never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Servers(Vec<ServerAddr>);

impl NatsConfig {
    /// With the defaults of `heartline serve`.
    pub fn new(servers: Servers) -> Self {
        Self {
            servers,
            credentials: None,
            nkey: None,
            ca: None,
            certificate: None,
            stream: "HEARTLINE".to_owned(),
            replicas: 1,
            keep: NatsKeep::default(),
            author_age: Duration::from_secs(u64::from(Limits::default().outbox_age_s)),
        }
    }

    /// What can be wrong without asking a broker.
    pub(super) fn check(&self) -> Result<(), NatsError> {
        let may = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if self.stream.is_empty() || self.stream.len() > 64 || !self.stream.chars().all(may) {
            return Err(NatsError::Name(self.stream.clone()));
        }
        if ![1, 3, 5].contains(&self.replicas) {
            return Err(NatsError::Replicas(self.replicas));
        }
        Ok(())
    }

    /// How to dial. Files are read here, so that a wrong one is found at start.
    pub(super) async fn options(&self) -> Result<ConnectOptions, NatsError> {
        let mut options = ConnectOptions::new()
            .name("heartline")
            .connection_timeout(PATIENCE)
            .request_timeout(Some(PATIENCE))
            // A broker that stands still is found by the missing heartbeat of the consumer long before.
            .ping_interval(Duration::from_secs(10))
            .reconnect_delay_callback(|attempts| Duration::from_millis(50 << attempts.min(5)))
            .max_reconnects(None);
        if let Some(path) = &self.credentials {
            let unreadable = |source| NatsError::File { path: path.clone(), source };
            options = options.credentials_file(path).await.map_err(unreadable)?;
        }
        if let Some(path) = &self.nkey {
            let unreadable = |source| NatsError::File { path: path.clone(), source };
            let written = std::fs::read_to_string(path).map_err(unreadable)?;
            // As the tools write it: a line by itself, comments above it at most.
            let seed = written.lines().map(str::trim).find(|line| line.starts_with('S'));
            let none = || unreadable(std::io::Error::other("there is no seed in it, which begins with SU"));
            options = options.nkey(seed.ok_or_else(none)?.to_owned());
        }
        // The library reads them, and leaves it to us to use them.
        if let Some((user, password)) = self.servers.login() {
            options = match password {
                Some(password) => options.user_and_password(user, password),
                None => options.token(user),
            };
        }
        let (certificate, key) = self.certificate.as_ref().map(|(one, other)| (one, other)).unzip();
        for path in [self.ca.as_ref(), certificate, key].into_iter().flatten() {
            let unreadable = |source| NatsError::File { path: path.clone(), source };
            std::fs::read(path).map_err(unreadable)?;
        }
        if let Some(path) = &self.ca {
            options = options.add_root_certificates(path.clone());
        }
        if let Some((certificate, key)) = &self.certificate {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        let is_tls = self.servers.0.iter().any(|server| server.scheme() == "tls");
        Ok(options.require_tls(is_tls || self.ca.is_some() || self.certificate.is_some()))
    }
}

/// How long a broker may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

impl Servers {
    /// As the library wants them.
    pub(super) fn addresses(&self) -> &[ServerAddr] {
        &self.0
    }

    /// User and password, or a token, which stands where the user does.
    fn login(&self) -> Option<(String, Option<String>)> {
        self.0.iter().find_map(login)
    }
}

impl FromStr for Servers {
    type Err = NatsError;

    /// Reads `nats://[user:password@]host[:port][,…]`, or `token@`; `tls://` asks for TLS. Who is named once is so for all.
    fn from_str(written: &str) -> Result<Self, NatsError> {
        let mut servers = Vec::new();
        for one in written.split(',') {
            let server: ServerAddr = one.parse().map_err(|error: std::io::Error| {
                // The address itself may hold a password.
                NatsError::Address(error.to_string())
            })?;
            if !["nats", "tls"].contains(&server.scheme()) {
                return Err(NatsError::Address(format!("{}:// is not spoken here", server.scheme())));
            }
            if server.host().is_empty() {
                return Err(NatsError::Address("a host is missing".to_owned()));
            }
            servers.push(server);
        }
        let mut logins = servers.iter().filter_map(login);
        if let Some(first) = logins.next()
            && logins.any(|other| other != first)
        {
            let why = "all brokers of a cluster take the same user and password";
            return Err(NatsError::Address(why.to_owned()));
        }
        Ok(Self(servers))
    }
}

/// What stands before the `@`, as it is meant.
fn login(server: &ServerAddr) -> Option<(String, Option<String>)> {
    let plain = |written: &str| percent_decode_str(written).decode_utf8_lossy().into_owned();
    Some((plain(server.username()?), server.password().map(plain)))
}

impl fmt::Display for Servers {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, server) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(to, "{comma}{}://{}:{}", server.scheme(), server.host(), server.port())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_passwords() {
        let servers: Servers = "nats://ada:secret@one:4222,two,tls://three:1".parse().unwrap();
        assert_eq!(format!("{servers:?}"), "nats://one:4222,nats://two:4222,tls://three:1");
    }

    #[test]
    fn who_we_are_stands_before_the_host_of_one_or_of_all() {
        let login = |written: &str| written.parse::<Servers>().unwrap().login();
        let named = |user: &str, password: Option<&str>| Some((user.to_owned(), password.map(str::to_owned)));
        assert_eq!(login("nats://ada:s%3Acret@one,two"), named("ada", Some("s:cret")));
        assert_eq!(login("nats://one,nats://a-token@two"), named("a-token", None));
        assert_eq!(login("one,two"), None);
        let error = "nats://ada:secret@one,nats://bob:secret@two".parse::<Servers>().unwrap_err().to_string();
        assert!(error.contains("the same user") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn what_cannot_be_an_address_is_refused_in_words() {
        for wrong in ["", "http://one", "nats://one:port", "ws://one", "nats://one,,"] {
            let error = wrong.parse::<Servers>().unwrap_err().to_string();
            assert!(error.contains("nats://host:port"), "{wrong}: {error}");
        }
    }

    #[test]
    fn names_and_replicas_that_brokers_refuse_are_refused_before() {
        let good = NatsConfig::new("one".parse().unwrap());
        assert!(good.check().is_ok());
        assert!(NatsConfig { stream: "A.B".to_owned(), ..good.clone() }.check().is_err());
        assert!(NatsConfig { replicas: 2, ..good }.check().is_err());
    }
}
