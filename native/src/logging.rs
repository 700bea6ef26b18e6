//! The program's log on standard error.
//!
//! Per message is `trace`, what one connection does is `debug`, what a user would notice is `info`, what an operator must look at
//! is `warn`, and our own faults are `error`. Every line about a connection of the server carries its number, in the span
//! `connection`. Texts, names, secrets and tokens are never logged, at no level.

use std::io;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use crate::cli::GlobalArgs;

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line of words per event, for people.
    #[default]
    Text,
    /// One JSON object per line, for programs that collect logs.
    Json,
}

/// Sends the program's log to standard error: what `RUST_LOG` asks for, else `default`.
pub(crate) fn start(default: &str, format: LogFormat, global: GlobalArgs) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(global.color.wanted(&io::stderr())).init(),
        // The list of spans would say the same again.
        LogFormat::Json => log.json().with_span_list(false).init(),
    }
}
