//! Measures what `heartline relay` costs: the throughput of an echo server through it, against that of the same server directly.
//!
//! ```text
//! cargo build --release -p heartline --bins --examples && target/release/examples/relay_load [SECONDS]
//! ```
//!
//! It starts `heartline serve` and a relay before it, and drives both ways in short turns, SECONDS (6) in all for each load.
//! Each line of the table is the median of the turns; the ratio is relay to direct, and beside it stands the processor time
//! that the relay used per message. Then the ratio of HAProxy in its place, passing bytes that it does not look at, if it is
//! installed: what such a hop costs on this machine, whoever makes it.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measuring tool: it prints, and stops at the first surprise"
)]

// The client and the table's middle are those of the measurement of `/echo`.
#[path = "../echo_load/driver.rs"]
#[allow(dead_code, reason = "idle lines are none of this measurement's")]
mod driver;
mod target;

use std::time::Duration;

use driver::Load;
use target::Program;

/// Many and short, so that what else the machine does falls on both; odd, so that there is a median.
const TURNS: u32 = 15;

const LOADS: [Load; 6] = [
    Load { lines: 1, window: 1, bytes: 64 },
    Load { lines: 10, window: 64, bytes: 64 },
    Load { lines: 100, window: 16, bytes: 64 },
    Load { lines: 1, window: 4, bytes: 64 << 10 },
    Load { lines: 10, window: 1, bytes: 64 << 10 },
    Load { lines: 10, window: 4, bytes: 64 << 10 },
];

fn main() {
    let seconds =
        std::env::args().nth(1).map_or(6, |typed| typed.parse::<u32>().expect("a number of seconds"));
    let turn = Duration::from_secs(seconds.into()) / TURNS;
    let server =
        Program::start(&["serve", "--listen", "127.0.0.1:0", "--history", "memory"], "listening on http://");
    let to = format!("ws://{}", server.address());
    let relay =
        Program::start(&["relay", "--listen", "127.0.0.1:0", "--to", &to, "--no-input"], "relaying ws://");
    let haproxy = Program::haproxy(server.address());
    println!("messages per second, median of {TURNS} turns of {turn:.1?} each");
    let head = ["lines", "window", "bytes", "direct", "relay", "ratio", "its µs", "haproxy"];
    println!("{}", head.map(|word| format!("{word:>10}")).concat());
    for load in LOADS {
        let (mut direct, mut relayed, mut cost, mut theirs) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TURNS {
            direct.push(driver::rate(server.address(), load, turn));
            let before = relay.processor_micros();
            let rate = driver::rate(relay.address(), load, turn);
            relayed.push(rate);
            cost.push((relay.processor_micros() - before) / (rate * turn.as_secs_f64()));
            theirs.extend(haproxy.as_ref().map(|haproxy| driver::rate(haproxy.address(), load, turn)));
        }
        let (direct, relayed, cost) = (median(direct), median(relayed), median(cost));
        let theirs = match &theirs[..] {
            [] => "none".to_owned(),
            _ => format!("{:.2}", median(theirs) / direct),
        };
        let Load { lines, window, bytes } = load;
        println!(
            "{lines:>10}{window:>10}{bytes:>10}{direct:>10.0}{relayed:>10.0}{:>10.2}{cost:>10.2}{theirs:>10}",
            relayed / direct
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
