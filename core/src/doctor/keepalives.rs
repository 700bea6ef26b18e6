//! Three things are called keep-alive. What each would have noticed on this line, and when.

use serde::{Deserialize, Serialize};

use super::{Cause, Effect, Finding, Manner, Sign, say};
use crate::policy::Policy;
use crate::time::Duration;

/// How this machine's TCP probes an idle connection, where a socket asks for it (Linux: `net.ipv4.tcp_keepalive_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpKeepalive {
    /// Idle for so long before the first probe (`tcp_keepalive_time`); Linux: 7200 s.
    #[serde(with = "super::seconds")]
    pub idle: Duration,
    /// From probe to probe (`tcp_keepalive_intvl`); Linux: 75 s.
    #[serde(with = "super::seconds")]
    pub interval: Duration,
    /// So many unanswered ones end it (`tcp_keepalive_probes`); Linux: 9.
    pub probes: u32,
}

impl TcpKeepalive {
    /// After how long it finds a dead peer: idle + interval x probes.
    #[must_use]
    pub const fn finds_after(&self) -> Duration {
        self.idle.saturating_add(self.interval.saturating_mul(self.probes))
    }
}

impl Default for TcpKeepalive {
    /// What Linux has unless told otherwise.
    fn default() -> Self {
        Self { idle: Duration::from_secs(7200), interval: Duration::from_secs(75), probes: 9 }
    }
}

/// Which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// `SO_KEEPALIVE` (RFC 9293 section 3.8.4).
    Tcp,
    /// HTTP/1.1 persistent connections (RFC 9112 section 9.3).
    Http,
    /// Ping and pong frames with a deadline (RFC 6455 section 5.5.2), or messages that do the same.
    WebSocket,
}

/// What one of them would have done on this line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepAlive {
    /// Which.
    pub which: Which,
    /// How long after the line was dead it would have said so; `None` if never, or if there was nothing to notice.
    #[serde(with = "super::seconds::optional")]
    pub notices_after: Option<Duration>,
    /// In words.
    pub text: String,
}

/// What each of the three would have done.
pub(super) fn keepalives(
    cause: Cause,
    findings: &[Finding],
    tcp: &TcpKeepalive,
    policy: &Policy,
) -> Vec<KeepAlive> {
    vec![of_tcp(cause, findings, tcp), of_http(), of_web_socket(findings, policy)]
}

fn of_tcp(cause: Cause, findings: &[Finding], tcp: &TcpKeepalive) -> KeepAlive {
    let finds = tcp.finds_after();
    let mut text = format!(
        "TCP's, where a socket asks for it (few do): with this machine's values ({}/{}/{}) a dead peer is found {} after the last byte.",
        tcp.idle.as_secs(),
        tcp.interval.as_secs(),
        tcp.probes,
        say::time(finds)
    );
    let mut notices_after = None;
    if cause == Cause::Frozen {
        text.push_str(" Here never: the peer's system answers the probes of a program that stands still.");
    } else if findings.iter().any(|finding| finding.manner == Manner::Lost) {
        notices_after = Some(finds);
        text.push_str(" Here that long after everything was lost.");
    } else if !findings.is_empty() {
        text.push_str(" Here there was nothing to find: the end was told.");
    }
    for finding in findings.iter().filter(|finding| finding.kind == Some(super::Kind::IdleTimer)) {
        let period = finding.period.map(|period| period.about.unwrap_or(period.least));
        text.push_str(match finding.effect(Sign::TcpProbe) {
            Effect::Resets if period.is_some_and(|period| tcp.idle >= period) => {
                " Its probes keep the line up, but the first one comes too late: the socket has to set a shorter time."
            }
            Effect::Resets => " Its probes keep the line up.",
            Effect::DoesNot => " Its probes do not keep the line up.",
            Effect::Unknown => " Whether its probes keep the line up is not known.",
        });
    }
    KeepAlive { which: Which::Tcp, notices_after, text }
}

fn of_http() -> KeepAlive {
    let text = "HTTP's keeps a connection for the next request. Once the handshake is done there is no next request: on an open line it \
                keeps nothing up and notices nothing, ever.";
    KeepAlive { which: Which::Http, notices_after: None, text: text.to_owned() }
}

fn of_web_socket(findings: &[Finding], policy: &Policy) -> KeepAlive {
    let beat = policy.heartbeat();
    let finds = beat.detection();
    let mut text = format!(
        "WebSocket's, a beat every {} with {} for the answer: a dead line is found within {}, a program that stands still as well.",
        say::setting(beat.interval()),
        say::setting(beat.grace()),
        say::setting(finds)
    );
    let is_lost = findings.iter().any(|finding| finding.manner == Manner::Lost);
    if findings.iter().any(|finding| finding.kind == Some(super::Kind::IdleTimer)) {
        text.push_str(" By frames that start the timer anew, it keeps the line up, too.");
    }
    KeepAlive { which: Which::WebSocket, notices_after: is_lost.then_some(finds), text }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_defaults_of_linux_find_a_dead_peer_after_7875_seconds() {
        assert_eq!(TcpKeepalive::default().finds_after(), Duration::from_secs(7875));
        let absurd = TcpKeepalive { idle: Duration::MAX, interval: Duration::MAX, probes: u32::MAX };
        assert_eq!(absurd.finds_after(), Duration::MAX);
    }
}
