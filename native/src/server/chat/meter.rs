//! What the rooms tell `/metrics`.

use std::fmt;

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge, with_local_recorder};

use super::super::metrics::Metrics;

pub(super) struct Meter {
    pub(super) rooms: Gauge,
    pub(super) members: Gauge,
    pub(super) received: Counter,
    pub(super) delivered: Counter,
    pub(super) accepted: Counter,
    pub(super) rejected: Counter,
    pub(super) held: Counter,
    pub(super) overflown: Counter,
}

impl Meter {
    pub(super) fn new(metrics: &Metrics) -> Self {
        with_local_recorder(metrics.recorder(), || {
            describe_gauge!("heartline_chat_rooms", "rooms somebody is in");
            describe_gauge!("heartline_chat_members", "lines whose clients said who they are");
            describe_counter!("heartline_chat_received_total", "messages of heartline.v1 received");
            describe_counter!("heartline_chat_delivered_total", "messages of heartline.v1 written");
            describe_counter!("heartline_chat_said_total", "what became of what was said");
            describe_counter!("heartline_chat_overflown_total", "lines cut because their mailbox was full");
            Self {
                rooms: gauge!("heartline_chat_rooms"),
                members: gauge!("heartline_chat_members"),
                received: counter!("heartline_chat_received_total"),
                delivered: counter!("heartline_chat_delivered_total"),
                accepted: counter!("heartline_chat_said_total", "outcome" => "accepted"),
                rejected: counter!("heartline_chat_said_total", "outcome" => "rejected"),
                held: counter!("heartline_chat_said_total", "outcome" => "held"),
                overflown: counter!("heartline_chat_overflown_total"),
            }
        })
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meter")
    }
}
