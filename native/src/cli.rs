//! The command line: what can be asked of the program.

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::exit_code::ExitCode;
use crate::server::{self, ServeArgs};

/// WebSockets that know when the line is dead, say who cut it, and lose nothing when it is.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<ServeArgs>),
}

/// Does what the command line asks for.
pub async fn run(cli: Cli) -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match cli.command {
        Command::Serve(args) => match server::run(*args).await {
            Ok(()) => ExitCode::Fine,
            Err(error) => {
                tracing::error!("{error}");
                error.exit_code()
            }
        },
    }
}
