//! Short lives of real servers and clients, in which things break. `cargo xtask chaos` lives longer ones.

use std::path::PathBuf;
use std::time::Duration;

use heartline_chaos::{History, Plan, Setup, live};

/// How long each is.
const LENGTH: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_server_that_remembers_nothing_dies_everybody_begins_anew() {
    live_all(History::Memory, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_server_that_remembers_dies_nothing_is_lost_and_nothing_begins_anew() {
    live_all(History::Sqlite, 2).await;
}

/// A few seeds of this history, twenty with `HEARTLINE_LONG`.
async fn live_all(history: History, few: u64) {
    let setup = Setup { binary: PathBuf::from(env!("CARGO_BIN_EXE_heartline")) };
    let lives = if std::env::var_os("HEARTLINE_LONG").is_some() { 20 } else { few };
    for seed in 1..=lives {
        let plan = Plan::new(seed, history, LENGTH);
        let verdict = live(&setup, &plan).await.unwrap();
        assert!(
            verdict.findings.is_empty(),
            "{:#?}\n{plan:#?}\nthe servers' logs: {}\n\
             to live this again: cargo xtask chaos --history {history} --seed {seed} --seconds {} --lives 1",
            verdict.findings,
            verdict.logs.join("\n"),
            LENGTH.as_secs()
        );
        // A life in which nobody says anything would prove nothing.
        assert!(verdict.totals.accepted > 50, "{:?}", verdict.totals);
    }
}
