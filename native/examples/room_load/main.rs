//! Measures `/chat`: how many messages a second each history takes, how fast a large room is, what a member costs.
//!
//! ```text
//! cargo build --release -p heartline --bins --examples && target/release/examples/room_load [PART…]
//! ```
//!
//! PART is one of `histories`, `fan-out`, `length`, `idle` and `catch-up`; without any, all of them run. Servers and load share
//! the machine. Histories are driven in short turns, one after another and again, so that whatever else the machine does falls on
//! all of them alike; each figure is the median of the turns.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measuring tool: it prints, and stops at the first surprise"
)]

mod member;
mod parts;
mod place;
mod talk;

/// What can be measured, in order.
const PARTS: [&str; 5] = ["histories", "fan-out", "length", "idle", "catch-up"];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    heartline::server::listen::raise_file_limit();
    let named: Vec<String> = std::env::args().skip(1).collect();
    for name in &named {
        assert!(PARTS.contains(&name.as_str()), "there is no part {name}; there are {PARTS:?}");
    }
    for part in PARTS.into_iter().filter(|part| named.is_empty() || named.iter().any(|name| name == part)) {
        match part {
            "histories" => parts::histories().await,
            "fan-out" => parts::fan_out().await,
            "length" => parts::length().await,
            "idle" => parts::idle().await,
            _ => parts::catch_up().await,
        }
    }
}
