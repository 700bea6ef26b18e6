//! `cargo xtask chaos`: lives one life after another until the time is over, or until one goes wrong.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "telling what happens is its whole job")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use heartline_chaos::{History, Long, Plan, Setup, Verdict, live};

/// Let clients talk while servers, sockets, brokers, disks and histories break, and check that nothing is lost.
#[derive(Parser)]
#[command(name = "cargo xtask chaos")]
struct Args {
    /// Go on for so many minutes; the life that has begun is lived to its end.
    #[arg(long, value_name = "N", default_value_t = 5.0)]
    minutes: f64,
    /// Begin with the plan of this seed; each further life takes the next one.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Stop after so many lives.
    #[arg(long, value_name = "N")]
    lives: Option<u64>,
    /// Only with this history (memory, sqlite, trimmed, nats, cluster); else with each in turn.
    #[arg(long, value_name = "NAME")]
    history: Option<History>,
    /// How long each life is, in seconds.
    #[arg(long, value_name = "N", default_value_t = 15)]
    seconds: u64,
    /// Instead: say so many messages, with a kill -9 in the middle of them. A server and its file; with --history cluster, two
    /// servers that share one room over three brokers, of which the leader is killed, and one of the servers.
    #[arg(long, value_name = "N")]
    messages: Option<u64>,
    /// The program to try.
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let setup = Setup { binary: args.binary.clone() };
    if let Some(messages) = args.messages {
        return long(&args, &setup, messages).await;
    }
    let begun = Instant::now();
    let (mut lives, mut accepted, mut seen) = (0, 0, 0);
    while begun.elapsed().as_secs_f64() < args.minutes * 60.0 && args.lives.is_none_or(|most| lives < most) {
        let seed = args.seed + lives;
        let in_turn = History::ALL[usize::try_from(seed).unwrap_or_default() % History::ALL.len()];
        let history = args.history.unwrap_or(in_turn);
        let plan = Plan::new(seed, history, Duration::from_secs(args.seconds));
        let life = Instant::now();
        print!("seed {seed}, {history}: {} clients, {} steps …", plan.clients, plan.steps.len());
        flush();
        let verdict = live(&setup, &plan).await?;
        sum_up(&verdict, life);
        if !verdict.findings.is_empty() {
            eprintln!("{plan:#?}");
            tell(&verdict);
            eprintln!(
                "to live this again: cargo xtask chaos --seed {seed} --history {history} --seconds {} --lives 1",
                args.seconds
            );
            return Ok(ExitCode::FAILURE);
        }
        let totals = verdict.totals;
        (lives, accepted, seen) = (lives + 1, accepted + totals.accepted, seen + totals.seen);
    }
    println!("{lives} lives, {accepted} messages accepted and {seen} times seen: nothing is wrong");
    Ok(ExitCode::SUCCESS)
}

async fn long(args: &Args, setup: &Setup, messages: u64) -> Result<ExitCode> {
    let history = args.history.unwrap_or(History::Sqlite);
    print!("seed {}, {history}: {messages} messages …", args.seed);
    flush();
    let begun = Instant::now();
    let verdict = Long { history, messages, seed: args.seed }.live(setup).await?;
    sum_up(&verdict, begun);
    if verdict.findings.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    tell(&verdict);
    Ok(ExitCode::FAILURE)
}

fn sum_up(verdict: &Verdict, begun: Instant) {
    let totals = verdict.totals;
    println!(
        " {} written, {} accepted, {} seen, {} gaps, {} epochs, {:.0} s: {}",
        totals.written,
        totals.accepted,
        totals.seen,
        totals.gaps,
        totals.epochs,
        begun.elapsed().as_secs_f64(),
        if verdict.findings.is_empty() { "nothing is wrong" } else { "WRONG" }
    );
    for note in &verdict.notes {
        println!("  {note}");
    }
}

fn tell(verdict: &Verdict) {
    for log in &verdict.logs {
        eprintln!("a server's log:\n{log}");
    }
    for finding in &verdict.findings {
        eprintln!("{finding}");
    }
}

fn flush() {
    use std::io::Write;
    // Whoever closed our output did not ask for this to stop.
    let _ = std::io::stdout().flush();
}
