//! `cargo xtask test`: everything that must hold, part by part.

mod failures;
mod part;
mod report;
mod tally;
mod watch;

use std::io::IsTerminal;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::Result;

pub(crate) use self::part::Part;

use self::failures::Failures;
use self::report::{Line, Outcome};
use self::tally::Tally;
use crate::progress::Progress;
use crate::repo::Repo;
use crate::run;
use crate::tools::{AfterFailure, Toolbox};

/// How long a part may say nothing: each crate built and each test is a line, and none takes as long on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// The same with `--long`, whose tests take minutes each.
const LONG_PATIENCE: Duration = Duration::from_secs(40 * 60);

/// Runs the parts named, or all; each to its end, whatever became of the ones before.
pub(crate) fn test(repo: &Repo, long: bool, named: &[Part]) -> Result<ExitCode> {
    let parts: Vec<Part> =
        Part::ALL.into_iter().filter(|part| named.is_empty() || named.contains(part)).collect();
    let mut tools = Toolbox::open(repo)?;
    let needs: Vec<_> = parts.iter().flat_map(|part| part.needs()).copied().collect();
    let missing = tools.missing(&needs)?;
    tools.set_up(&missing, &mut Progress::new(missing.len()), AfterFailure::GoOn)?;

    let lines: Vec<Line> = parts.into_iter().map(|part| run_part(part, long, repo, &mut tools)).collect();
    report::print(&lines);
    Ok(if lines.iter().all(|line| line.outcome.is_fine()) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_part(part: Part, long: bool, repo: &Repo, tools: &mut Toolbox) -> Line {
    println!("\n== {}: {}", part.name(), part.what());
    let begun = Instant::now();
    let (mut tally, mut failures) = (Tally::default(), Failures::default());
    let attempt = attempt(part, long, repo, tools, |line| {
        tally.see(line);
        failures.see(line);
    });
    let outcome = match attempt {
        Ok(()) => Outcome::judge(part, tally),
        Err(error) => Outcome::Failed { tally, why: format!("{error:#}"), failures },
    };
    if let Outcome::Failed { why, .. } = &outcome {
        println!("{} failed: {why}", part.name());
    }
    Line { part, outcome, took: begun.elapsed() }
}

fn attempt(part: Part, long: bool, repo: &Repo, tools: &mut Toolbox, see: impl FnMut(&str)) -> Result<()> {
    for &need in part.needs() {
        tools.require(need)?;
    }
    if part == Part::EndToEnd {
        run::build(repo, tools)?;
    }
    let mut command = part.command(repo, tools)?;
    if long {
        command.env("HEARTLINE_LONG", "1");
    }
    colour(&mut command);
    watch::watch(command, see, if long { LONG_PATIENCE } else { PATIENCE })
}

/// The output goes through us, so cargo cannot see the terminal.
fn colour(command: &mut Command) {
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        command.env("CARGO_TERM_COLOR", "always");
    }
}
