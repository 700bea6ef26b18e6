//! How long the history takes, as the rooms see it: from the request to the reply, with all waiting in between.

use std::collections::BTreeMap;

use heartline_core::room::engine::{Refusal, Reply, Request, Ticket};
use metrics::{
    Counter, Histogram, Unit, counter, describe_counter, describe_histogram, histogram, with_local_recorder,
};
use tokio::time::Instant;

use super::super::metrics::Metrics;

/// Times every request that gets one reply. It keeps as many as there are underway, which the hub bounds.
pub(super) struct Stopwatch {
    asked: BTreeMap<Ticket, Instant>,
    append: Histogram,
    read: Histogram,
    append_failed: Counter,
    read_failed: Counter,
}

impl Stopwatch {
    /// `engine` is the kind of history, never its address.
    pub(super) fn new(metrics: &Metrics, engine: &'static str) -> Self {
        with_local_recorder(&**metrics.recorder(), || {
            describe_histogram!(
                "heartline_history_append_seconds",
                Unit::Seconds,
                "from a message to its being durable, as the rooms see it"
            );
            describe_histogram!(
                "heartline_history_read_seconds",
                Unit::Seconds,
                "from asking for a piece of history to having it, as the rooms see it"
            );
            describe_counter!(
                "heartline_history_failures_total",
                Unit::Count,
                "what the history could not do for being unavailable"
            );
            Self {
                asked: BTreeMap::new(),
                append: histogram!("heartline_history_append_seconds", "engine" => engine),
                read: histogram!("heartline_history_read_seconds", "engine" => engine),
                append_failed: counter!("heartline_history_failures_total", "engine" => engine, "what" => "append"),
                read_failed: counter!("heartline_history_failures_total", "engine" => engine, "what" => "read"),
            }
        })
    }

    pub(super) fn asked(&mut self, request: &Request) {
        match request {
            Request::Append { ticket, .. }
            | Request::ReadAfter { ticket, .. }
            | Request::ReadBefore { ticket, .. } => {
                self.asked.insert(*ticket, Instant::now());
            }
            Request::Open { .. } | Request::Close { .. } | Request::Here { .. } => {}
        }
    }

    pub(super) fn replied(&mut self, reply: &Reply) {
        match reply {
            Reply::Appended { ticket, seq } => {
                let failed = matches!(seq, Err(Refusal::Unavailable(_)));
                let took = self.asked.remove(ticket);
                record(took, failed, &self.append, &self.append_failed);
            }
            Reply::Page { ticket, page } => {
                let took = self.asked.remove(ticket);
                record(took, page.is_err(), &self.read, &self.read_failed);
            }
            Reply::Opened { .. } | Reply::There { .. } | Reply::Followed { .. } => {}
        }
    }
}

/// A failure's time would say how long somebody waited for nothing; it is only counted.
fn record(asked: Option<Instant>, failed: bool, times: &Histogram, failures: &Counter) {
    if failed {
        failures.increment(1);
    } else if let Some(asked) = asked {
        times.record(asked.elapsed().as_secs_f64());
    }
}
