//! The program `heartline`.

use clap::Parser;
use heartline::cli::{self, Cli};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    cli::run(Cli::parse()).await.into()
}
