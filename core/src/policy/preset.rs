//! Policies with a name, for the places people really are in.

use super::{HeartbeatPolicy, OutboxPolicy, Policy, ReconnectPolicy};
use crate::time::Duration;

impl Policy {
    /// The names [`preset`](Self::preset) knows, each with what it is for.
    pub const PRESETS: [(&'static str, &'static str); 4] = [
        ("default", "the open internet: a beat every 25 s, a dead line found within 40 s"),
        (
            "behind-a-60s-proxy",
            "nginx, ALB or Heroku between: three beats fit into their 55 to 60 s of patience",
        ),
        ("lan", "a network of one's own: a beat every 5 s, a dead line found within 9 s"),
        (
            "battery",
            "a phone: a beat every 3.5 min, under the 5 min of mobile NAT; too slow for a 60 s proxy",
        ),
    ];

    /// The policy of that name, or `None`.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let (heartbeat, reconnect) = match name {
            "default" => return Some(Self::default()),
            // Two lost beats in a row still leave the proxy one within its 55 s.
            "behind-a-60s-proxy" => (beat(15_000, 8_000), dial(10_000, 500, 20_000, 10_000)),
            "lan" => (beat(5_000, 2_000), dial(3_000, 200, 5_000, 5_000)),
            // 3.5 min is where WeChat's Mars starts its search on mobile networks.
            "battery" => (beat(210_000, 30_000), dial(20_000, 2_000, 120_000, 30_000)),
            _ => return None,
        };
        Some(Self::new(heartbeat, reconnect, OutboxPolicy::default()))
    }
}

fn beat(interval_ms: u64, grace_ms: u64) -> HeartbeatPolicy {
    HeartbeatPolicy::new(Duration::from_millis(interval_ms), Duration::from_millis(grace_ms))
        .expect("presets are valid: each is built by a test")
}

fn dial(timeout_ms: u64, base_ms: u64, cap_ms: u64, stable_ms: u64) -> ReconnectPolicy {
    let [timeout, base, cap, stable] = [timeout_ms, base_ms, cap_ms, stable_ms].map(Duration::from_millis);
    ReconnectPolicy::new(timeout, base, cap, stable).expect("presets are valid: each is built by a test")
}
