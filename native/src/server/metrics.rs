//! What `/metrics` tells. Each server counts for itself: two in one process (as in the tests) do not mix.
//!
//! Names are Prometheus': counters end in `_total`, units stand in the name. Every label has a closed list of values; nothing
//! that a visitor chooses (a path, a name, a room, an address) ever becomes one.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram, with_local_recorder,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// From a commit in memory to a disk or broker that hangs, in seconds. A round trip on loopback, across a town and across the
/// world falls between the same bounds.
const SECONDS: [f64; 15] =
    [0.0001, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0];

/// How often what histograms have gathered is put into their buckets. Until then each value is kept by itself, so nobody who
/// scrapes must mean no memory without a bound.
const UPKEEP: Duration = Duration::from_secs(5);

/// The counters of one server. What happens per message or per connection is registered once and only added to.
pub struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    /// Connections open now, of every kind.
    pub connections: Gauge,
    /// Connections accepted so far.
    pub accepted: Counter,
    /// Lines open on `/echo` now.
    pub echo_lines: Gauge,
    /// Lines open on `/chat` now.
    pub chat_lines: Gauge,
    /// Messages `/echo` received and sent back.
    pub echo_messages: Counter,
    /// Their payload bytes.
    pub echo_bytes: Counter,
    /// Pings sent to plain lines.
    pub pings: Counter,
    /// From a ping on `/echo` to its pong, in seconds.
    pub echo_round_trip: Histogram,
    /// From a ping on `/chat` to its pong, in seconds.
    pub chat_round_trip: Histogram,
    /// 1 while messages can be made durable.
    pub history_ready: Gauge,
    /// How often a shared history was seen to have what servers noted.
    pub history_checks: Counter,
}

impl Metrics {
    /// Counters at zero.
    #[allow(clippy::new_without_default, reason = "a default that builds a recorder would surprise")]
    pub fn new() -> Self {
        let buckets = PrometheusBuilder::new().set_buckets(&SECONDS);
        let recorder = buckets.expect("there are some buckets").build_recorder();
        with_local_recorder(&recorder, || {
            describe();
            gauge!("heartline_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        });
        let gauge = |register: fn() -> Gauge| with_local_recorder(&recorder, register);
        let count = |register: fn() -> Counter| with_local_recorder(&recorder, register);
        let measure = |register: fn() -> Histogram| with_local_recorder(&recorder, register);
        Self {
            connections: gauge(|| gauge!("heartline_connections")),
            accepted: count(|| counter!("heartline_connections_accepted_total")),
            echo_lines: gauge(|| gauge!("heartline_lines", "route" => "echo")),
            chat_lines: gauge(|| gauge!("heartline_lines", "route" => "chat")),
            echo_messages: count(|| counter!("heartline_echo_messages_total")),
            echo_bytes: count(|| counter!("heartline_echo_bytes_total")),
            pings: count(|| counter!("heartline_pings_total")),
            echo_round_trip: measure(
                || histogram!("heartline_heartbeat_round_trip_seconds", "route" => "echo"),
            ),
            chat_round_trip: measure(
                || histogram!("heartline_heartbeat_round_trip_seconds", "route" => "chat"),
            ),
            history_ready: gauge(|| gauge!("heartline_history_ready")),
            history_checks: count(|| counter!("heartline_history_checks_total")),
            recorder: Arc::new(recorder),
        }
    }

    /// Where further counters of this server are registered: `metrics::with_local_recorder(&**metrics.recorder(), …)`.
    pub fn recorder(&self) -> &Arc<PrometheusRecorder> {
        &self.recorder
    }

    /// A request was answered.
    pub fn request(&self, route: &'static str, status: u16) {
        with_local_recorder(&*self.recorder, || {
            counter!("heartline_requests_total", "route" => route, "status" => status.to_string())
                .increment(1);
        });
    }

    /// A handshake or request was refused.
    pub fn refused(&self, why: &'static str) {
        with_local_recorder(&*self.recorder, || {
            counter!("heartline_refused_total", "why" => why).increment(1)
        });
    }

    /// A line ended.
    pub fn line_ended(&self, route: &'static str, why: &'static str) {
        with_local_recorder(&*self.recorder, || {
            counter!("heartline_lines_ended_total", "route" => route, "why" => why).increment(1);
        });
    }

    /// All of it, in Prometheus' text format.
    pub fn render(&self) -> String {
        let handle = self.recorder.handle();
        handle.run_upkeep();
        handle.render()
    }

    /// What [`keep_up`] works on.
    pub fn handle(&self) -> PrometheusHandle {
        self.recorder.handle()
    }
}

/// Keeps the histograms small for as long as it is polled, whether anybody scrapes or not.
pub async fn keep_up(handle: PrometheusHandle) -> Infallible {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

fn describe() {
    describe_gauge!("heartline_build_info", Unit::Count, "always 1; the version that runs is its label");
    describe_gauge!("heartline_connections", Unit::Count, "connections open now, of every kind");
    describe_counter!("heartline_connections_accepted_total", Unit::Count, "connections accepted");
    describe_gauge!("heartline_lines", Unit::Count, "WebSocket lines open now");
    describe_counter!("heartline_lines_ended_total", Unit::Count, "WebSocket lines that ended, and why");
    describe_counter!(
        "heartline_echo_messages_total",
        Unit::Count,
        "messages received on /echo and sent back"
    );
    describe_counter!(
        "heartline_echo_bytes_total",
        Unit::Bytes,
        "payload bytes received on /echo and sent back"
    );
    describe_counter!("heartline_pings_total", Unit::Count, "pings sent to plain lines");
    describe_histogram!(
        "heartline_heartbeat_round_trip_seconds",
        Unit::Seconds,
        "from a ping of the server's to the pong"
    );
    describe_counter!("heartline_requests_total", Unit::Count, "HTTP requests answered, handshakes included");
    describe_counter!(
        "heartline_refused_total",
        Unit::Count,
        "connections, handshakes and requests refused, and why"
    );
    describe_gauge!("heartline_history_ready", Unit::Count, "1 while messages can be made durable, else 0");
    describe_counter!(
        "heartline_history_checks_total",
        Unit::Count,
        "looks that found in a shared history all that servers had noted"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_in_one_process_do_not_mix() {
        let one = Metrics::new();
        let other = Metrics::new();
        one.refused("key");
        one.connections.increment(2.0);
        assert!(one.render().contains("heartline_refused_total{why=\"key\"} 1"), "{}", one.render());
        assert!(one.render().contains("heartline_connections 2"));
        assert!(!other.render().contains("why=\"key\""));
    }
}
