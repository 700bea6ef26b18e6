//! What `/metrics` tells. Each server counts for itself: two in one process (as in the tests) do not mix.

use std::fmt;

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

/// The counters of one server. What happens per message or per connection is registered once and only added to.
pub struct Metrics {
    recorder: PrometheusRecorder,
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
}

impl Metrics {
    /// Counters at zero.
    #[allow(clippy::new_without_default, reason = "a default that builds a recorder would surprise")]
    pub fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        with_local_recorder(&recorder, describe);
        let (connections, accepted, echo_lines, chat_lines, echo_messages, echo_bytes, pings) =
            with_local_recorder(&recorder, || {
                (
                    gauge!("heartline_connections"),
                    counter!("heartline_connections_total"),
                    gauge!("heartline_lines", "route" => "echo"),
                    gauge!("heartline_lines", "route" => "chat"),
                    counter!("heartline_echo_messages_total"),
                    counter!("heartline_echo_bytes_total"),
                    counter!("heartline_pings_total"),
                )
            });
        Self { recorder, connections, accepted, echo_lines, chat_lines, echo_messages, echo_bytes, pings }
    }

    /// Where further counters of this server are registered: `metrics::with_local_recorder(server.metrics.recorder(), …)`.
    pub fn recorder(&self) -> &PrometheusRecorder {
        &self.recorder
    }

    /// A request was answered.
    pub fn request(&self, route: &'static str, status: u16) {
        with_local_recorder(&self.recorder, || {
            counter!("heartline_requests_total", "route" => route, "status" => status.to_string())
                .increment(1);
        });
    }

    /// A handshake or request was refused.
    pub fn refused(&self, why: &'static str) {
        with_local_recorder(&self.recorder, || {
            counter!("heartline_refused_total", "why" => why).increment(1)
        });
    }

    /// A line ended.
    pub fn line_ended(&self, route: &'static str, why: &'static str) {
        with_local_recorder(&self.recorder, || {
            counter!("heartline_lines_ended_total", "route" => route, "why" => why).increment(1);
        });
    }

    /// All of it, in Prometheus' text format.
    pub fn render(&self) -> String {
        let handle = self.recorder.handle();
        handle.run_upkeep();
        handle.render()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

fn describe() {
    describe_gauge!("heartline_connections", "connections open now, of every kind");
    describe_counter!("heartline_connections_total", "connections accepted");
    describe_gauge!("heartline_lines", "WebSocket lines open now");
    describe_counter!("heartline_lines_ended_total", "WebSocket lines that ended, and why");
    describe_counter!("heartline_echo_messages_total", "messages received on /echo and sent back");
    describe_counter!("heartline_echo_bytes_total", "payload bytes received on /echo and sent back");
    describe_counter!("heartline_pings_total", "pings sent to plain lines");
    describe_counter!("heartline_requests_total", "HTTP requests answered, handshakes included");
    describe_counter!("heartline_refused_total", "connections, handshakes and requests refused, and why");
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
