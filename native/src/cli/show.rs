//! `heartline show`: what is typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The flags of `heartline show`.
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// What `heartline relay --record` has written.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How to show it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Write to this file, which nobody else may read, instead of to standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How a recording is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people, as --trace writes them.
    #[default]
    Text,
    /// One JSON object a line, as --trace=json writes them.
    Json,
    /// A capture that Wireshark opens.
    Pcapng,
}
