//! The flags of every command that dials, and what they come to: a dialer, a policy, a way to reconnect.

use std::{path::PathBuf, time::Duration};

use clap::{Args, builder::PossibleValuesParser};
use heartline_core::{
    close::Dialect,
    line::{LineConfig, Reconnect},
    policy::{HeartbeatPolicy, OutboxPolicy, Policy, PolicyError, ReconnectPolicy},
};

use super::{
    UsageError,
    quantity::{bytes, duration},
};
use crate::{
    client::dial::{Credentials, Dialer, Endpoint, LazyTls, Proxies, Request, TlsOptions, io_words},
    net::TcpLiveness,
    tap::{
        Tap,
        pcap::Pcap,
        trace::{Form, Trace},
    },
};

/// The largest outbox a policy allows, in bytes: in a terminal one message may be as large as what is taken.
const OUTBOX_BYTES: usize = 64 << 20;

/// The flags of every command that keeps a line.
#[derive(Args, Clone, Debug)]
pub struct LineArgs {
    /// Where to and how.
    #[command(flatten)]
    pub dial: DialArgs,

    /// The set of numbers for heartbeat and reconnecting: a name, or a JSON file.
    #[arg(
        long,
        value_name = "NAME|FILE",
        default_value = "default",
        long_help = policy_help(),
        help_heading = "Line"
    )]
    pub policy: String,
    /// Send a ping frame this often; 0 for never.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Line")]
    pub ping_interval: Option<Duration>,
    /// Doubt the line when a ping has had no answer for this time.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Line")]
    pub ping_timeout: Option<Duration>,
    /// Dial again after an end: as its kind says, whatever happened, or not at all. A first dial that fails is
    /// final unless this is `always`.
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        value_parser = PossibleValuesParser::new(["auto", "always", "never"]),
        help_heading = "Line"
    )]
    pub reconnect: String,
}

/// The flags of every command that dials.
#[derive(Args, Clone, Debug)]
pub struct DialArgs {
    /// Where to: ws://host/path, wss://host/path, or unix:/path/to/socket:/request/path.
    pub url: String,

    /// Add a header to the handshake, as "Name: value" (repeatable).
    #[arg(long, short = 'H', value_name = "HEADER", help_heading = "Handshake")]
    pub header: Vec<String>,
    /// Offer a subprotocol (repeatable, or several with commas; the best first).
    #[arg(long, short = 's', value_name = "NAME", help_heading = "Handshake")]
    pub subprotocol: Vec<String>,
    /// Claim to come from a page of this origin.
    #[arg(long, short = 'o', help_heading = "Handshake")]
    pub origin: Option<String>,
    /// Authenticate with a name and a password.
    #[arg(
        long,
        value_name = "USER:PASSWORD",
        env = "HEARTLINE_BASIC_AUTH",
        hide_env_values = true,
        help_heading = "Handshake"
    )]
    pub basic_auth: Option<String>,
    /// Follow so many redirects. Without it, a redirect is told and not followed.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Handshake")]
    pub max_redirects: u32,

    /// Trust the authorities of this PEM file instead of the system's.
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub ca: Option<PathBuf>,
    /// Show the server this certificate (PEM, with its chain).
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "TLS")]
    pub cert: Option<PathBuf>,
    /// The private key of --cert (PEM).
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "TLS")]
    pub key: Option<PathBuf>,
    /// Take any certificate: encrypted, but nobody knows to whom.
    #[arg(long, short = 'k', conflicts_with = "ca", help_heading = "TLS")]
    pub insecure: bool,

    /// Go through this proxy: http://, https:// (both by CONNECT), socks5:// or socks5h:// (which resolves names
    /// itself), with user:password@ if it wants them; '' for none. Without the flag, http_proxy (for ws),
    /// https_proxy (for wss), all_proxy and no_proxy decide.
    #[arg(long, value_name = "URL", help_heading = "Network")]
    pub proxy: Option<String>,
    /// Give up a dial after this time.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Network")]
    pub dial_timeout: Option<Duration>,
    /// Take messages, and lines of input, up to this size.
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value = "64MiB", help_heading = "Network")]
    pub max_message: usize,

    /// Write down the handshake and each frame, on standard error; `json`: one object a line. Secrets are overwritten
    /// by `*`.
    #[arg(
        long,
        value_name = "FORM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        value_enum,
        help_heading = "Looking on"
    )]
    pub trace: Option<Form>,
    /// Write what passes to a capture that Wireshark opens (pcapng), TLS taken off.
    #[arg(long, value_name = "FILE", help_heading = "Looking on")]
    pub pcap: Option<PathBuf>,
    /// Do not overwrite secrets in the trace and the capture.
    #[arg(long, help_heading = "Looking on")]
    pub show_secrets: bool,
}

/// What the flags come to.
pub struct ResolvedLine {
    /// How to dial.
    pub dialer: Dialer,
    /// How the line behaves. The dialect is [`Dialect::Plain`]; `heartline.v1` commands change it.
    pub config: LineConfig,
}

impl LineArgs {
    /// Checks everything that can be checked without dialling, files included.
    ///
    /// # Errors
    /// [`UsageError`] with the flag at fault and what would be right.
    pub fn resolve(&self) -> Result<ResolvedLine, UsageError> {
        let dialer = self.dial.resolve()?;
        let config = LineConfig {
            policy: self.policy()?,
            can_ping: self.ping_interval != Some(Duration::ZERO),
            reconnect: match self.reconnect.as_str() {
                "always" => Reconnect::Always,
                "never" => Reconnect::Never,
                _ => Reconnect::Auto,
            },
            retry_first: false,
            ..LineConfig::new(Dialect::Plain)
        };
        Ok(ResolvedLine { dialer, config })
    }

    fn policy(&self) -> Result<Policy, UsageError> {
        let base = self.named_policy()?;
        let wrong = |error: PolicyError| UsageError(format!("these times cannot work together: {error}"));
        let heartbeat = match self.ping_interval.filter(|interval| !interval.is_zero()) {
            None if self.ping_timeout.is_none() => base.heartbeat().clone(),
            interval => {
                let before = base.heartbeat();
                let interval = interval.unwrap_or_else(|| before.interval());
                // A short interval alone means a short grace, too: half of it at most.
                let grace = self.ping_timeout.unwrap_or_else(|| before.grace().min(interval / 2));
                HeartbeatPolicy::with_write_stall(interval, grace, before.write_stall()).map_err(wrong)?
            }
        };
        let reconnect = match self.dial.dial_timeout {
            None => base.reconnect().clone(),
            Some(timeout) => {
                let before = base.reconnect();
                ReconnectPolicy::new(timeout, before.base(), before.cap(), before.stable_after())
                    .map_err(wrong)?
            }
        };
        let outbox = base.outbox();
        let outbox = OutboxPolicy::new(outbox.messages(), OUTBOX_BYTES, outbox.max_age()).map_err(wrong)?;
        Ok(Policy::new(heartbeat, reconnect, outbox))
    }

    fn named_policy(&self) -> Result<Policy, UsageError> {
        if let Some(policy) = Policy::preset(&self.policy) {
            return Ok(policy);
        }
        let names = Policy::PRESETS.map(|(name, _)| name).join(", ");
        let text = std::fs::read_to_string(&self.policy).map_err(|error| {
            let why = io_words(&error);
            UsageError(format!(
                "--policy: \"{}\" is neither a name ({names}) nor a file to read ({why})",
                self.policy
            ))
        })?;
        Policy::from_json(&text).map_err(|error| UsageError(format!("--policy {}: {error}", self.policy)))
    }
}

impl DialArgs {
    /// Checks everything that can be checked without dialling, files included.
    ///
    /// # Errors
    /// [`UsageError`] with the flag at fault and what would be right.
    pub fn resolve(&self) -> Result<Dialer, UsageError> {
        let endpoint = Endpoint::parse(&self.url).map_err(|error| UsageError(error.to_string()))?;
        Ok(Dialer {
            request: self.request()?,
            tls: self.tls(endpoint.tls)?,
            proxies: self.proxies()?,
            max_redirects: self.max_redirects,
            max_message: self.max_message,
            liveness: TcpLiveness::default(),
            token_command: None,
            tap: self.tap()?,
            endpoint,
        })
    }

    fn request(&self) -> Result<Request, UsageError> {
        let mut request = Request::default();
        for header in &self.header {
            request.add_header(header).map_err(|error| UsageError(format!("--header: {error}")))?;
        }
        for subprotocol in &self.subprotocol {
            request
                .add_subprotocols(subprotocol)
                .map_err(|error| UsageError(format!("--subprotocol: {error}")))?;
        }
        if let Some(origin) = &self.origin {
            request.set_origin(origin).map_err(|error| UsageError(format!("--origin: {error}")))?;
        }
        if let Some(typed) = &self.basic_auth {
            let credentials =
                Credentials::parse(typed).map_err(|error| UsageError(format!("--basic-auth: {error}")))?;
            request.basic_auth = Some(credentials);
        }
        Ok(request)
    }

    /// Files that were named are read now; the system's authorities only when a dial needs them.
    fn tls(&self, needed: bool) -> Result<LazyTls, UsageError> {
        let identity = self.cert.clone().zip(self.key.clone());
        let named = self.ca.is_some() || identity.is_some();
        let tls = LazyTls::new(TlsOptions { ca: self.ca.clone(), identity, insecure: self.insecure });
        if needed && named {
            tls.read().map_err(|error| UsageError(error.to_string()))?;
        }
        Ok(tls)
    }

    fn tap(&self) -> Result<Tap, UsageError> {
        let pcap = self.pcap.as_deref().map(|path| {
            let told =
                |error| UsageError(format!("--pcap: cannot write {}: {}", path.display(), io_words(&error)));
            Pcap::create(path).map_err(told)
        });
        Ok(Tap::new(self.trace.map(Trace::new), pcap.transpose()?, self.show_secrets))
    }

    fn proxies(&self) -> Result<Proxies, UsageError> {
        match &self.proxy {
            Some(url) => Proxies::always(url).map_err(|error| UsageError(format!("--proxy: {error}"))),
            None => Ok(Proxies::from_env()),
        }
    }
}

fn policy_help() -> String {
    let mut help =
        "The set of numbers for heartbeat and reconnecting: a JSON file, or one of these names:".to_owned();
    for (name, what) in Policy::PRESETS {
        help.push_str(&format!("\n- {name}: {what}"));
    }
    help
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        line: LineArgs,
    }

    fn resolve(words: &[&str]) -> Result<ResolvedLine, UsageError> {
        let words = ["x", "ws://h/"].iter().chain(words);
        Only::try_parse_from(words).map_err(|error| UsageError(error.to_string()))?.line.resolve()
    }

    fn heartbeat_ms(words: &[&str]) -> (u128, u128) {
        let line = resolve(words).unwrap();
        let heartbeat = line.config.policy.heartbeat().clone();
        (heartbeat.interval().as_millis(), heartbeat.grace().as_millis())
    }

    #[test]
    fn pings_as_typed() {
        assert_eq!(heartbeat_ms(&[]), (25_000, 10_000));
        assert_eq!(heartbeat_ms(&["--ping-interval", "4"]), (4_000, 2_000));
        assert_eq!(heartbeat_ms(&["--ping-interval", "4", "--ping-timeout", "1"]), (4_000, 1_000));
        assert!(!resolve(&["--ping-interval", "0"]).unwrap().config.can_ping);
        assert!(resolve(&["--ping-interval", "2", "--ping-timeout", "3"]).is_err());
    }

    #[test]
    fn what_cannot_work_is_told_before_a_dial() {
        let told = |words: &[&str]| match resolve(words) {
            Ok(_) => panic!("{words:?} was taken"),
            Err(error) => error.to_string(),
        };
        assert!(told(&["--header", "x"]).contains("--header"));
        assert!(told(&["--subprotocol", "a b"]).contains("--subprotocol"));
        assert!(told(&["--proxy", "gopher://x"]).contains("--proxy"));
        assert!(told(&["--policy", "no-such"]).contains("behind-a-60s-proxy"));
        assert!(told(&["--cert", "x"]).contains("--key"));
        assert!(told(&["--origin", "a\nb"]).contains("--origin"));
    }
}
