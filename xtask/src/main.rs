//! What a contributor types: `cargo xtask run`, `cargo xtask test`, `cargo xtask chaos`.
//!
//! A fresh machine with Rust and a C compiler is enough: what else is needed is set up on the way, told step by step,
//! and kept in one place that outlives `cargo clean` (see [`tools`]).

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to the person at the terminal is its whole job"
)]

mod chaos;
mod cli;
mod page;
mod pictures;
mod process;
mod progress;
mod repo;
mod run;
mod test;
mod tools;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Command;
use crate::repo::Repo;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = match cli::parse(&arguments) {
        Ok(command) => command,
        Err(wrong) => {
            eprintln!("{wrong}\n\n{}", cli::HELP);
            return ExitCode::from(2);
        }
    };
    match obey(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn obey(command: Command) -> Result<ExitCode> {
    let repo = Repo::here();
    match command {
        Command::Help => {
            println!("{}", cli::HELP);
            Ok(ExitCode::SUCCESS)
        }
        Command::Run { open, serve } => run::run(&repo, open, &serve),
        Command::Page => run::page(&repo),
        Command::Tools => run::tools(&repo),
        Command::Pictures => pictures::pictures(&repo),
        Command::Chaos { arguments } => chaos::chaos(&repo, &arguments),
        Command::Announce => Ok(run::announce()),
        Command::Test { long, parts } => test::test(&repo, long, &parts),
    }
}
