//! Heartline for the terminal: clients that know when the line is dead, and a server to meet in.
//!
//! The decisions live in `heartline-core`; here are its sockets, clocks and terminals. This library exists for the
//! program's own tests.

pub mod cli;
pub mod client;
pub mod closing;
pub mod doctor;
pub mod exit_code;
pub mod logging;
pub mod net;
pub mod output;
mod private;
pub mod recording;
pub mod relay;
pub mod replay;
pub mod server;
pub mod show;
pub mod spelling;
pub mod tap;
mod tcp_info;

use std::io::{self, IsTerminal as _};

use clap::{CommandFactory, FromArgMatches};
use cli::{Cli, Command, GlobalArgs, UsageError, manual, replay::ReplayConfig};
use client::ending::Ending;
use exit_code::ExitCode;
use logging::LogFormat;
use output::style::Tone;
use server::page::Page;

/// Reads the command line, does what it says, and tells what the shell should see. `page` is what a server shows.
pub fn run(page: Page) -> ExitCode {
    let command = Cli::command().after_long_help(manual::exit_codes_help());
    let cli = match command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` are errors to clap, but not to the user.
            let code = if error.use_stderr() { ExitCode::Usage } else { ExitCode::Fine };
            let _ = error.print();
            return code;
        }
    };
    let ending = start(cli.command, cli.global, page);
    if !ending.text.is_empty() {
        let tone = if ending.code == ExitCode::Fine { Tone::Info } else { Tone::Bad };
        output::note(tone, &ending.text, cli.global.color.wanted(&io::stderr()));
    }
    ending.code
}

fn start(command: Command, global: GlobalArgs, page: Page) -> Ending {
    match command {
        Command::Connect(args) => dial(args.resolve(global), client::connect::run, global),
        Command::Echo(args) => dial(args.resolve(global), client::echo::run, global),
        Command::Chat(args) => dial(args.resolve(global), client::chat::run, global),
        Command::Doctor(args) => dial(args.resolve(global), doctor::run, global),
        Command::Listen(args) => dial(args.resolve(global), client::listen::run, global),
        Command::Relay(args) => dial(args.resolve(global), relay::run, global),
        Command::Serve(args) => {
            logging::start(if global.verbose { "debug" } else { "info" }, args.log, global);
            block_on(async {
                match server::run(*args, page).await {
                    Ok(()) => Ending::fine(),
                    Err(error) => Ending::new(error.exit_code(), error.to_string()),
                }
            })
        }
        Command::Replay(args) => dial(
            args.resolve(global),
            async |config| match config {
                ReplayConfig::Server(config) => replay::as_server(config).await,
                ReplayConfig::Client(config) => replay::as_client(*config).await,
            },
            global,
        ),
        Command::Show(args) => show::run(&args),
        Command::History(command) => {
            logging::start("warn", LogFormat::Text, global);
            command.run(&mut io::stdout().lock(), io::stdout().is_terminal())
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            manual::write_completions(shell, &mut script);
            written(io::Write::write_all(&mut io::stdout(), &script))
        }
        Command::Man { command } => written(manual::write_page(&command, &mut io::stdout())),
    }
}

/// Runs a client, if what was typed can work. Its log is silent unless asked for: the console tells what happens.
fn dial<C, F>(config: Result<C, UsageError>, run: impl FnOnce(C) -> F, global: GlobalArgs) -> Ending
where
    F: Future<Output = Ending>,
{
    match config {
        Ok(config) => {
            logging::start("off", LogFormat::Text, global);
            block_on(run(config))
        }
        Err(error) => Ending::new(ExitCode::Usage, error.to_string()),
    }
}

/// Runs a command to its end, and does not wait for a thread that still reads standard input.
fn block_on(command: impl Future<Output = Ending>) -> Ending {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let ending = runtime.block_on(command);
            runtime.shutdown_background();
            ending
        }
        Err(error) => Ending::new(ExitCode::Own, format!("this machine gives no threads: {error}")),
    }
}

fn written(outcome: io::Result<()>) -> Ending {
    match outcome {
        Ok(()) => Ending::fine(),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            Ending::new(ExitCode::Usage, error.to_string())
        }
        Err(error) => Ending::output(&error),
    }
}
