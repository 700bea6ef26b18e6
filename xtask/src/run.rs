//! `cargo xtask run`: from a fresh clone to a page that is open.

use std::fs::File;
use std::io::Write;
use std::process::{Child, Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::cli;
use crate::page;
use crate::process::{cargo, command, live, on_path};
use crate::progress::Progress;
use crate::repo::Repo;
use crate::tools::{AfterFailure, Need, Toolbox};

/// The server's words before its address.
const LISTENING: &str = "heartline listening on ";

/// Sets up what is missing, builds the page and the binary, and becomes the server.
pub(crate) fn run(repo: &Repo, open: bool, arguments: &[String]) -> Result<ExitCode> {
    build(repo, &mut Toolbox::open(repo)?)?;
    let mut serve = command(repo.heartline());
    serve.arg("serve").args(arguments);
    if open {
        announced(&mut serve)?;
    }
    become_server(serve)
}

/// Builds the page, if it is not what the sources make.
pub(crate) fn page(repo: &Repo) -> Result<ExitCode> {
    let mut tools = Toolbox::open(repo)?;
    prepare_page(repo, &mut tools, 0)?;
    println!("the page is in {}", repo.dist().display());
    Ok(ExitCode::SUCCESS)
}

/// Sets up everything.
pub(crate) fn tools(repo: &Repo) -> Result<ExitCode> {
    let mut tools = Toolbox::open(repo)?;
    let missing = tools.missing(&Need::ALL)?;
    tools.set_up(&missing, &mut Progress::new(missing.len()), AfterFailure::GoOn)?;
    println!("the tools are in {}; put it on the PATH to use them by hand", tools.bin().display());
    let unmet = Need::ALL.iter().filter(|need| tools.require(**need).is_err()).count();
    Ok(if unmet == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes the binary with the page in it, and what that needs.
pub(crate) fn build(repo: &Repo, tools: &mut Toolbox) -> Result<()> {
    // All of it but the page can be compiled while the page's tools are.
    let ahead = if repo.heartline().is_file() { None } else { Ahead::start(tools) };
    let mut progress = prepare_page(repo, tools, 1)?;
    progress.step("building heartline", ahead.as_ref().map(|_| "1 min"));
    if let Some(ahead) = ahead {
        ahead.finish();
    }
    let mut build = heartline(cargo(), tools)?;
    build.env("HEARTLINE_PAGE", page::name(repo)?);
    live(build)
}

/// The tools, then the page; with so many more steps to come.
fn prepare_page(repo: &Repo, tools: &mut Toolbox, more: usize) -> Result<Progress> {
    let missing = tools.missing(&Need::PAGE)?;
    // Without its tools the page cannot be told fresh, and is not.
    let is_fresh = missing.iter().all(|need| *need == Need::WasmOpt) && page::is_fresh(repo, tools)?;
    if is_fresh {
        return Ok(Progress::new(more));
    }
    let mut progress = Progress::new(missing.len() + page::STEPS + more);
    tools.set_up(&missing, &mut progress, AfterFailure::Stop)?;
    page::build(repo, tools, &mut progress)?;
    Ok(progress)
}

/// A build of everything in heartline but the page, in the background.
struct Ahead(Child);

impl Ahead {
    /// Begins it, if it can be begun: the real build comes later and says what is wrong.
    fn start(tools: &Toolbox) -> Option<Self> {
        let log = File::create(tools.log("heartline")).ok()?;
        let mut build = heartline(background(), tools).ok()?;
        build.arg("--lib").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = build.spawn().ok()?;
        println!("heartline itself is being built meanwhile");
        Some(Self(child))
    }

    /// Waits for it.
    fn finish(mut self) {
        let _ = self.0.wait();
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // Of no use to anybody if the page could not be built. After `finish` there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `cargo` with what the others leave: the page waits for its tools, and nothing waits for this but the last step.
fn background() -> Command {
    let cargo = cargo();
    match on_path("nice") {
        None => cargo,
        Some(nice) => {
            let mut patient = command(nice);
            patient.args(["-n", "19"]).arg(cargo.get_program());
            patient
        }
    }
}

fn heartline(mut build: Command, tools: &Toolbox) -> Result<Command> {
    tools.equip(&mut build)?;
    build.args(["build", "--release", "--locked", "--package", "heartline"]);
    Ok(build)
}

/// Passes on what the server prints, and opens a browser where it says it listens. Runs beside the server.
pub(crate) fn announce() -> ExitCode {
    let mut out = std::io::stdout();
    for line in std::io::stdin().lines().map_while(Result::ok) {
        // Whoever closed our output did not ask for the server to stop.
        let _ = writeln!(out, "{line}");
        if let Some(address) = line.strip_prefix(LISTENING) {
            open_browser(address.trim());
        }
    }
    ExitCode::SUCCESS
}

/// Starts [`announce`] as a process of its own and lets the server print to it.
fn announced(serve: &mut Command) -> Result<()> {
    let this = std::env::current_exe().context("cannot tell where this program is")?;
    let mut announcer = command(this);
    let child =
        announcer.arg(cli::ANNOUNCE).stdin(Stdio::piped()).spawn().context("cannot start a helper")?;
    serve.stdout(child.stdin.context("the helper has no input")?);
    Ok(())
}

#[cfg(unix)]
fn become_server(mut serve: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    // Signals and the exit code are the server's own: this program is out of the way.
    Err(serve.exec()).context("cannot start heartline")
}

#[cfg(not(unix))]
fn become_server(mut serve: Command) -> Result<ExitCode> {
    let status = serve.status().context("cannot start heartline")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn open_browser(address: &str) {
    let (program, before): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/C", "start", ""]),
        _ => ("xdg-open", &[]),
    };
    let mut opener = command(program);
    opener.args(before).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if opener.spawn().is_err() {
        eprintln!("there is no `{program}` to open a browser with; the page is at {address}");
    }
}
