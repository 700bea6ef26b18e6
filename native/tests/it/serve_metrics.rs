//! What `/metrics` tells after a life everybody knows, and whether its names are what Prometheus expects.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use heartline::server::Config;
use heartline_core::policy::HeartbeatPolicy;
use heartline_core::wire::ServerMessage;
use tokio_tungstenite::tungstenite::Message;

use crate::chat_peer::{Place, resume};

#[tokio::test]
async fn a_known_life_leaves_known_figures() {
    let heartbeat = HeartbeatPolicy::new(Duration::from_secs(1), Duration::from_millis(500)).unwrap();
    let place = Place::with(Config { heartbeat, ..Config::default() }).await;
    let mut ann = place.member("ann", &["tea"]).await;
    let bob = place.member("bob", &["tea"]).await;
    for id in 1..=3 {
        ann.say("tea", id, "hi").await;
    }
    // A repeat is accepted too; the same number for something else is not, nor are nothing and a wrong frame.
    ann.say("tea", 3, "hi").await;
    ann.say("tea", 3, "something else").await;
    ann.say("tea", 4, " ").await;
    ann.send(Message::binary("x")).await;
    ann.until(|message| matches!(message, ServerMessage::Error { .. })).await;
    drop(bob);
    let bob = place.member_again("bob", 2, vec![resume("tea", Some(1))]).await;
    let mut ghost = place.member_again("ghost", 1, vec![resume("tea", Some(99))]).await;
    ghost.until(|message| matches!(message, ServerMessage::Gap { .. })).await;

    let told = async {
        loop {
            let figures = Figures::of(&place).await;
            let round_trips = figures.value("heartline_heartbeat_round_trip_seconds_count{route=\"chat\"}");
            if round_trips >= 1.0 && figures.value("heartline_chat_accepted_total") >= 4.0 {
                return figures;
            }
        }
    };
    let figures = tokio::select! {
        figures = told => figures,
        // It answers the server's beat meanwhile.
        () = async { loop { ann.next().await; } } => unreachable!(),
    };
    for (series, value) in [
        ("heartline_chat_accepted_total", 4.0),
        ("heartline_chat_rejected_total{code=\"id_reused\"}", 1.0),
        ("heartline_chat_rejected_total{code=\"empty\"}", 1.0),
        ("heartline_chat_errors_total{code=\"binary\"}", 1.0),
        ("heartline_chat_resumes_total", 2.0),
        ("heartline_chat_gaps_total", 1.0),
        ("heartline_chat_set_back_total", 0.0),
        ("heartline_chat_overflown_total", 0.0),
        ("heartline_chat_rooms", 1.0),
        ("heartline_chat_members", 3.0),
        ("heartline_chat_hub_queue", 0.0),
        ("heartline_history_requests_waiting", 0.0),
        ("heartline_history_ready", 1.0),
        ("heartline_history_checks_total", 0.0),
        ("heartline_history_append_seconds_count{engine=\"memory\"}", 5.0),
        ("heartline_history_append_seconds_bucket{engine=\"memory\",le=\"+Inf\"}", 5.0),
        ("heartline_history_failures_total{engine=\"memory\",what=\"append\"}", 0.0),
        ("heartline_lines{route=\"chat\"}", 3.0),
        ("heartline_lines_ended_total{route=\"chat\",why=\"gone\"}", 1.0),
        ("heartline_requests_total{route=\"chat\",status=\"101\"}", 4.0),
    ] {
        assert_eq!(figures.value(series), value, "{series}: {}", figures.text);
    }
    assert!(figures.value("heartline_history_read_seconds_count{engine=\"memory\"}") >= 1.0);
    assert!(figures.value("heartline_connections_accepted_total") >= 5.0);
    assert!(figures.value("heartline_chat_delivered_total") >= 10.0);
    drop(bob);
}

#[tokio::test]
async fn every_series_has_a_name_a_type_and_words_as_prometheus_wants_them() {
    let place = Place::open().await;
    let mut ann = place.member("ann", &["tea"]).await;
    ann.say("tea", 1, "").await;
    ann.until(|message| matches!(message, ServerMessage::Rejected { .. })).await;
    let figures = Figures::of(&place).await;
    assert!(figures.series.len() > 20, "{}", figures.text);
    for series in figures.series.keys() {
        let name = series.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part));
        let family = family.filter(|family| figures.types.contains_key(*family)).unwrap_or(name);
        assert!(name.starts_with("heartline_"), "{series}");
        assert!(figures.help.contains(family), "{series} has no HELP");
        let kind = figures.types.get(family).unwrap_or_else(|| panic!("{series} has no TYPE")).as_str();
        let (total, seconds) = (family.ends_with("_total"), family.ends_with("_seconds"));
        match kind {
            "counter" => assert!(total, "the counter {series} must end in _total"),
            "gauge" => assert!(!total, "the gauge {series} must not end in _total"),
            "histogram" => assert!(seconds, "the histogram {series} must name its unit"),
            other => panic!("{series} is a {other}"),
        }
        // Two kinds under one stem are one family to OpenMetrics.
        assert!(!total || !figures.types.contains_key(family.strip_suffix("_total").unwrap()), "{series}");
    }
}

#[tokio::test]
async fn nothing_that_visitors_choose_makes_a_series() {
    let place = Place::open().await;
    let visit = async |who: usize| {
        place.get(&format!("/path-{who}?query-{who}")).await;
        let room = format!("room-{who}");
        let mut peer = place.member(&format!("name-{who}"), &[&room]).await;
        peer.say(&room, 1, &format!("text-{who}")).await;
        peer.until(|message| matches!(message, ServerMessage::Accepted { .. })).await;
        peer.text(&format!("{{\"type\":\"type-{who}\"}}")).await;
        peer.until(|message| matches!(message, ServerMessage::Error { .. })).await;
        peer.say(&format!("elsewhere-{who}"), 1, "x").await;
        peer.until(|message| matches!(message, ServerMessage::Rejected { .. })).await;
        peer
    };
    let mut peers = vec![visit(0).await];
    // The scrape itself is a request, and is told of in the next one.
    Figures::of(&place).await;
    let before = Figures::of(&place).await;
    for who in 1..30 {
        peers.push(visit(who).await);
    }
    let after = Figures::of(&place).await;
    let new: Vec<_> = after.series.keys().filter(|series| !before.series.contains_key(*series)).collect();
    assert!(new.is_empty(), "{new:?}");
    for chosen in ["path-", "query-", "room-", "name-", "text-", "type-", "elsewhere-", "127.0.0.1"] {
        assert!(!after.text.contains(chosen), "{chosen} is told: {}", after.text);
    }
}

/// One scrape.
struct Figures {
    text: String,
    help: BTreeSet<String>,
    types: BTreeMap<String, String>,
    series: BTreeMap<String, f64>,
}

impl Figures {
    async fn of(place: &Place) -> Self {
        let answer = place.get("/metrics").await;
        let text = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
        let mut figures = Self {
            help: BTreeSet::new(),
            types: BTreeMap::new(),
            series: BTreeMap::new(),
            text: String::new(),
        };
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, words) = rest.split_once(' ').expect("a name and words");
                assert!(!words.is_empty(), "{line}");
                figures.help.insert(name.to_owned());
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a name and a type");
                assert!(
                    figures.types.insert(name.to_owned(), kind.to_owned()).is_none(),
                    "{line} comes twice"
                );
            } else {
                let (series, value) = line.rsplit_once(' ').expect("a series and a value");
                figures.series.insert(series.to_owned(), value.parse().unwrap());
            }
        }
        figures.text = text;
        figures
    }

    #[track_caller]
    fn value(&self, series: &str) -> f64 {
        *self.series.get(series).unwrap_or(&f64::NAN)
    }
}
