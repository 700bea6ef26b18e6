//! Measures `/echo` against a plain gorilla/websocket echo server beside it, both in the same run.
//!
//! ```text
//! cargo build --release -p heartline --bins --examples && target/release/examples/echo_load [SECONDS [IDLE_LINES]]
//! ```
//!
//! It builds and starts both servers (Debian: `apt install golang golang-github-gorilla-websocket-dev`; without Go it
//! measures heartline alone), and drives them in short turns, SECONDS (6) in all for each load. Each line of the table is
//! the median of the turns; the ratio is heartline to gorilla. Beside it stands the processor time each server used per
//! message, which a busy machine disturbs less. Then it opens IDLE_LINES (5000) on fresh servers and divides the growth
//! of their resident memory by their number.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measuring tool: it prints, and stops at the first surprise"
)]

mod driver;
mod target;

use std::time::Duration;

use driver::Load;
use target::Target;

/// Many and short, so that what else the machine does falls on both; odd, so that there is a median.
const TURNS: u32 = 15;

const LOADS: [Load; 8] = [
    Load { lines: 1, window: 1, bytes: 16 },
    Load { lines: 10, window: 1, bytes: 16 },
    Load { lines: 100, window: 1, bytes: 16 },
    Load { lines: 100, window: 1, bytes: 1024 },
    Load { lines: 1, window: 64, bytes: 16 },
    Load { lines: 100, window: 64, bytes: 16 },
    Load { lines: 10, window: 16, bytes: 1024 },
    Load { lines: 10, window: 1, bytes: 64 * 1024 },
];

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u32>().expect("a number"));
    let seconds = Duration::from_secs(arguments.next().unwrap_or(6).into());
    let idle_lines = arguments.next().unwrap_or(5000) as usize;
    heartline::server::listen::raise_file_limit();

    rates(seconds / TURNS);
    memory(idle_lines);
}

fn rates(seconds: Duration) {
    let heartline = Target::heartline();
    let gorilla = Target::gorilla();
    println!("messages per second, median of {TURNS} turns of {seconds:.1?} each");
    let head = ["lines", "window", "bytes", "heartline", "gorilla", "ratio", "our µs", "its µs"];
    println!("{}", head.map(|word| format!("{word:>10}")).concat());
    for load in LOADS {
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        for _ in 0..TURNS {
            ours.push(turn(&heartline, load, seconds));
            theirs.extend(gorilla.as_ref().map(|gorilla| turn(gorilla, load, seconds)));
        }
        let Load { lines, window, bytes } = load;
        let (our_rate, our_cost) = medians(&ours);
        print!("{lines:>10}{window:>10}{bytes:>10}{our_rate:>10.0}");
        if theirs.is_empty() {
            println!("{:>20}{our_cost:>10.2}", "");
        } else {
            let (rate, cost) = medians(&theirs);
            println!("{rate:>10.0}{:>10.2}{our_cost:>10.2}{cost:>10.2}", our_rate / rate);
        }
    }
}

/// Messages per second, and processor time per message.
fn turn(target: &Target, load: Load, seconds: Duration) -> (f64, f64) {
    let before = target.processor_micros();
    let rate = driver::rate(target.address(), load, seconds);
    let used = target.processor_micros() - before;
    (rate, used / (rate * seconds.as_secs_f64()))
}

fn memory(lines: usize) {
    println!("resident memory per idle line, {lines} lines");
    for (name, target) in [("heartline", Some(Target::heartline())), ("gorilla", Target::gorilla())] {
        let Some(target) = target else { continue };
        // What a server allocates once, for its first line, is no cost of the others.
        let first = driver::idle(target.address(), 10);
        let before = target.resident_bytes();
        let idle = driver::idle(target.address(), lines);
        let fresh = target.resident_bytes().saturating_sub(before) / lines as u64;
        let idle = driver::greet(idle);
        let used = target.resident_bytes().saturating_sub(before) / lines as u64;
        println!("{name:>10}: {fresh} bytes; {used} bytes after each has echoed one message");
        drop((first, idle));
    }
}

fn medians(turns: &[(f64, f64)]) -> (f64, f64) {
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    (median(turns.iter().map(|turn| turn.0).collect()), median(turns.iter().map(|turn| turn.1).collect()))
}
