//! The flags of every command that dials, and what they come to: a dialer, a policy, a way to reconnect.

use std::time::Duration;

use clap::{Args, builder::PossibleValuesParser};
use heartline_core::{
    close::Dialect,
    line::{LineConfig, Reconnect},
    policy::{HeartbeatPolicy, OutboxPolicy, Policy, PolicyError, ReconnectPolicy},
};

use super::{
    UsageError,
    look::LookArgs,
    quantity::{bytes, duration},
    way::WayArgs,
};
use crate::{
    client::dial::{Dialer, Endpoint, Request, io_words},
    net::TcpLiveness,
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

    /// The way there.
    #[command(flatten)]
    pub way: WayArgs,

    /// Offer a subprotocol (repeatable, or several with commas; the best first).
    #[arg(long, short = 's', value_name = "NAME", help_heading = "Handshake")]
    pub subprotocol: Vec<String>,
    /// Follow so many redirects. Without it, a redirect is told and not followed.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Handshake")]
    pub max_redirects: u32,

    /// Take messages, and lines of input, up to this size.
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value = "64MiB", help_heading = "Network")]
    pub max_message: usize,

    /// Who looks on.
    #[command(flatten)]
    pub look: LookArgs,
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
        let reconnect = match self.dial.way.dial_timeout {
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
            tls: self.way.tls(endpoint.tls)?,
            proxies: self.way.proxies()?,
            max_redirects: self.max_redirects,
            max_message: self.max_message,
            liveness: TcpLiveness::default(),
            token_command: None,
            tap: self.look.tap(Vec::new())?,
            endpoint,
        })
    }

    fn request(&self) -> Result<Request, UsageError> {
        let mut request = self.way.request()?;
        for subprotocol in &self.subprotocol {
            request
                .add_subprotocols(subprotocol)
                .map_err(|error| UsageError(format!("--subprotocol: {error}")))?;
        }
        Ok(request)
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
