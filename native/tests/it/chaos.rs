//! Short lives of real servers and clients, in which things break. `cargo xtask chaos` lives longer ones.
//!
//! Consecutive seeds go through all troubles of a history, so a few of each kind of life see a kill, a freeze, a full disk, a copy
//! that is put back, and a broker that is lost.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::StreamExt;
use heartline_chaos::{History, Long, Plan, Setup, Verdict, live};

/// How long each is.
const LENGTH: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_server_that_remembers_nothing_dies_everybody_begins_anew() {
    live_all(History::Memory, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_server_that_remembers_dies_nothing_is_lost_and_nothing_begins_anew() {
    let lived = live_all(History::Sqlite, 5).await;
    if lived.iter().all(|verdict| verdict.notes.is_empty()) {
        let full =
            lived.iter().any(|verdict| verdict.logs.iter().any(|log| log.contains("the disk is full")));
        assert!(full, "the disk was never full for any server");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_trimmed_while_somebody_is_away_is_told_as_a_gap() {
    live_all(History::Trimmed, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_broker_or_one_of_two_servers_dies_nothing_is_lost() {
    live_all(History::Nats, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_leader_of_three_brokers_dies_nothing_is_lost() {
    live_all(History::Cluster, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_the_middle_of_many_messages_loses_none_and_repeats_none() {
    live_long(History::Sqlite, if is_long() { 100_000 } else { 5_000 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_share_a_room_over_three_brokers_while_the_leader_dies() {
    live_long(History::Cluster, if is_long() { 20_000 } else { 1_000 }).await;
}

/// A few seeds of this history, twenty with `HEARTLINE_LONG`. Most of a life is waiting, so two are lived at a time.
async fn live_all(history: History, few: u64) -> Vec<Verdict> {
    let lives = if is_long() { 20 } else { few };
    let lives = futures_util::stream::iter((0..lives).map(|seed| live_one(history, seed)));
    lives.buffer_unordered(2).collect().await
}

async fn live_one(history: History, seed: u64) -> Verdict {
    let plan = Plan::new(seed, history, LENGTH);
    let verdict = live(&setup(), &plan).await.unwrap();
    let again = format!(
        "cargo xtask chaos --history {history} --seed {seed} --seconds {} --lives 1",
        LENGTH.as_secs()
    );
    check(&verdict, &format!("{plan:#?}"), &again);
    // A life in which nobody says anything would prove nothing.
    assert!(verdict.totals.accepted > 50, "{:?}", verdict.totals);
    match history {
        History::Memory | History::Trimmed => {}
        History::Sqlite | History::Nats | History::Cluster => assert_eq!(verdict.totals.gaps, 0, "{again}"),
    }
    verdict
}

async fn live_long(history: History, messages: u64) {
    let long = Long { history, messages, seed: 1 };
    let verdict = long.live(&setup()).await.unwrap();
    let again = format!("cargo xtask chaos --history {history} --seed 1 --messages {messages}");
    check(&verdict, &format!("{long:?}"), &again);
    let totals = verdict.totals;
    assert!(totals.written as u64 >= messages, "{totals:?}");
    assert_eq!((totals.accepted, totals.gaps), (totals.written, 0), "{totals:?}");
}

#[allow(clippy::print_stderr, reason = "what was not tried must be said")]
fn check(verdict: &Verdict, plan: &str, again: &str) {
    assert!(
        verdict.findings.is_empty(),
        "{:#?}\n{plan}\nthe servers' logs: {}\nto live this again: {again}",
        verdict.findings,
        verdict.logs.join("\n"),
    );
    for note in &verdict.notes {
        eprintln!("{note}");
    }
}

fn setup() -> Setup {
    Setup { binary: PathBuf::from(env!("CARGO_BIN_EXE_heartline")) }
}

fn is_long() -> bool {
    std::env::var_os("HEARTLINE_LONG").is_some()
}
