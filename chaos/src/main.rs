//! `cargo xtask chaos`: lives one life after another until the time is over, or until one goes wrong.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "telling what happens is its whole job")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use heartline_chaos::{History, Plan, Setup, Verdict, live};

/// Let clients talk while servers, sockets and histories break, and check that nothing is lost.
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
    /// Only with this history; else with each in turn.
    #[arg(long, value_name = "NAME")]
    history: Option<History>,
    /// How long each life is, in seconds.
    #[arg(long, value_name = "N", default_value_t = 15)]
    seconds: u64,
    /// The program to try.
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let setup = Setup { binary: args.binary.clone() };
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
        let totals = verdict.totals;
        println!(
            " {} accepted, {} seen, {} gaps, {} epochs, {:.0} s: {}",
            totals.accepted,
            totals.seen,
            totals.gaps,
            totals.epochs,
            life.elapsed().as_secs_f64(),
            if verdict.findings.is_empty() { "nothing is wrong" } else { "WRONG" }
        );
        if !verdict.findings.is_empty() {
            tell(&verdict, &plan, args.seconds);
            return Ok(ExitCode::FAILURE);
        }
        (lives, accepted, seen) = (lives + 1, accepted + totals.accepted, seen + totals.seen);
    }
    println!("{lives} lives, {accepted} messages accepted and {seen} times seen: nothing is wrong");
    Ok(ExitCode::SUCCESS)
}

fn tell(verdict: &Verdict, plan: &Plan, seconds: u64) {
    for log in &verdict.logs {
        eprintln!("a server's log:\n{log}");
    }
    eprintln!("{plan:#?}");
    for finding in &verdict.findings {
        eprintln!("{finding}");
    }
    eprintln!(
        "to live this again: cargo xtask chaos --seed {} --history {} --seconds {seconds} --lives 1",
        plan.seed, plan.history
    );
}

fn flush() {
    use std::io::Write;
    // Whoever closed our output did not ask for this to stop.
    let _ = std::io::stdout().flush();
}
