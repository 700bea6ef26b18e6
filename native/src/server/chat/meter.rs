//! What the rooms tell `/metrics`.

use std::fmt;
use std::sync::Arc;

use heartline_core::room::{Notice, Tally};
use heartline_core::wire::{ErrorCode, HoldCode, RejectCode};
use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, gauge, with_local_recorder,
};
use metrics_exporter_prometheus::PrometheusRecorder;

use super::super::metrics::Metrics;

pub(super) struct Meter {
    recorder: Arc<PrometheusRecorder>,
    pub(super) rooms: Gauge,
    pub(super) members: Gauge,
    /// Words of lines that the hub has not heard yet.
    pub(super) words: Gauge,
    /// Requests the history has not answered yet.
    pub(super) requests: Gauge,
    pub(super) received: Counter,
    pub(super) delivered: Counter,
    pub(super) overflown: Counter,
    accepted: Counter,
    resumes: Counter,
    set_back: Counter,
    gaps: Counter,
    round_trip: Histogram,
}

impl Meter {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let recorder = Arc::clone(metrics.recorder());
        with_local_recorder(&**metrics.recorder(), || {
            describe();
            Self {
                recorder,
                rooms: gauge!("heartline_chat_rooms"),
                members: gauge!("heartline_chat_members"),
                words: gauge!("heartline_chat_hub_queue"),
                requests: gauge!("heartline_history_requests_waiting"),
                received: counter!("heartline_chat_received_total"),
                delivered: counter!("heartline_chat_delivered_total"),
                overflown: counter!("heartline_chat_overflown_total"),
                accepted: counter!("heartline_chat_accepted_total"),
                resumes: counter!("heartline_chat_resumes_total"),
                set_back: counter!("heartline_chat_set_back_total"),
                gaps: counter!("heartline_chat_gaps_total"),
                round_trip: metrics.chat_round_trip.clone(),
            }
        })
    }

    /// What happened on one line. Nothing of what it says is a client's words.
    pub(super) fn notice(&self, notice: &Notice) {
        match notice {
            Notice::RoundTrip(time) => self.round_trip.record(time.as_secs_f64()),
            Notice::Accepted => self.accepted.increment(1),
            Notice::Rejected(code) => {
                tracing::debug!(code = code.as_str(), "rejected a message");
                let known = !matches!(code, RejectCode::Other(_));
                self.count(
                    |code| counter!("heartline_chat_rejected_total", "code" => code),
                    known,
                    code.as_str(),
                );
            }
            Notice::Held(code) => {
                tracing::debug!(code = code.as_str(), "asked the client to wait");
                let known = !matches!(code, HoldCode::Other(_));
                self.count(
                    |code| counter!("heartline_chat_held_total", "code" => code),
                    known,
                    code.as_str(),
                );
            }
            Notice::Mistake(code) => {
                tracing::debug!(code = code.as_str(), "told the client of a mistake");
                let known = !matches!(code, ErrorCode::Other(_));
                self.count(
                    |code| counter!("heartline_chat_errors_total", "code" => code),
                    known,
                    code.as_str(),
                );
            }
        }
    }

    /// What happened in the rooms so far.
    pub(super) fn tally(&self, tally: Tally) {
        self.resumes.absolute(tally.resumes);
        self.set_back.absolute(tally.set_back);
        self.gaps.absolute(tally.gaps);
    }

    /// Codes are a closed list, but for the one of words that somebody else's version may use.
    fn count(&self, counter: impl FnOnce(String) -> Counter, known: bool, code: &str) {
        let code = if known { code } else { "other" };
        with_local_recorder(&*self.recorder, || counter(code.to_owned())).increment(1);
    }
}

fn describe() {
    describe_gauge!("heartline_chat_rooms", Unit::Count, "rooms somebody is in");
    describe_gauge!("heartline_chat_members", Unit::Count, "lines whose clients said who they are");
    describe_gauge!("heartline_chat_hub_queue", Unit::Count, "words of lines waiting for the rooms");
    describe_gauge!(
        "heartline_history_requests_waiting",
        Unit::Count,
        "requests the history has not answered yet"
    );
    describe_counter!("heartline_chat_received_total", Unit::Count, "messages of heartline.v1 received");
    describe_counter!("heartline_chat_delivered_total", Unit::Count, "messages of heartline.v1 written");
    describe_counter!(
        "heartline_chat_overflown_total",
        Unit::Count,
        "lines cut because their mailbox was full"
    );
    describe_counter!("heartline_chat_accepted_total", Unit::Count, "messages told to be durable");
    describe_counter!("heartline_chat_rejected_total", Unit::Count, "messages never to be taken, and why");
    describe_counter!("heartline_chat_held_total", Unit::Count, "times a client was told to wait, and why");
    describe_counter!("heartline_chat_errors_total", Unit::Count, "mistakes clients were told of");
    describe_counter!("heartline_chat_resumes_total", Unit::Count, "rooms entered by clients that come back");
    describe_counter!(
        "heartline_chat_set_back_total",
        Unit::Count,
        "readers too slow for a room, set back to reading history"
    );
    describe_counter!("heartline_chat_gaps_total", Unit::Count, "gaps told");
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meter")
    }
}
