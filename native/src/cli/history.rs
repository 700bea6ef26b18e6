//! `heartline history`: what is typed, and how it ends.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::quantity::duration;
use crate::client::ending::Ending;
use crate::exit_code::ExitCode;
use crate::server::history::care::{self, CareError};
use crate::server::history::{Where, default_file};

/// The flags of `heartline history`.
#[derive(Args, Clone, Debug)]
pub struct HistoryCommand {
    /// The file, as a server is told: sqlite:PATH. Default: heartline/history.sqlite3 in your data directory.
    #[arg(long, env = "HEARTLINE_HISTORY", value_name = "WHERE", global = true)]
    pub history: Option<Where>,
    /// What to do with it.
    #[command(subcommand)]
    pub what: What,
}

/// What can be done with a history.
#[derive(Clone, Debug, Subcommand)]
pub enum What {
    /// List the rooms: how much is kept of each, from when to when. Works while a server runs.
    List {
        /// Write a JSON object a line, as in a pipe.
        #[arg(long)]
        json: bool,
    },
    /// Write what was said as lines of JSON, with all that a restore needs. Works while a server runs.
    Export {
        /// Only this room.
        #[arg(long, short, value_name = "ROOM")]
        room: Option<String>,
        /// Write to this file, which nobody else may read, instead of to standard output. It is there when it is whole.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Look for damage, and change nothing: exit code 3 if there is any. Works while a server runs.
    Check,
    /// Let go of old messages. Readers are told of the gap. Stop the server first.
    #[command(group = clap::ArgGroup::new("much").required(true).multiple(true))]
    Trim {
        /// Those that came longer ago than this.
        #[arg(long, value_name = "TIME", value_parser = duration, group = "much")]
        older_than: Option<Duration>,
        /// Those beyond so many of a room.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), group = "much")]
        keep_messages: Option<u64>,
        /// Only of this room.
        #[arg(long, short, value_name = "ROOM")]
        room: Option<String>,
    },
    /// Put back what was exported: all of it or nothing. Each room begins a new epoch. Stop the server first.
    Restore {
        /// What `export` wrote; - is standard input.
        #[arg(value_name = "FILE", default_value = "-")]
        from: PathBuf,
        /// Where a room is in the history already, let go of what is there.
        #[arg(long)]
        replace: bool,
    },
}

impl HistoryCommand {
    /// Does it. What was asked for goes to `out`; a person reads it if that is a terminal.
    pub fn run(self, out: &mut impl Write, terminal: bool) -> Ending {
        let path = match self.history {
            Some(Where::Sqlite(path)) => path,
            None => match default_file() {
                Ok(path) => path,
                Err(error) => return Ending::new(ExitCode::Usage, error.to_string()),
            },
            Some(Where::Memory) => {
                let text = "a history in memory is its server's alone and ends with it: read it by GET /rooms/{room}, or name a file with --history sqlite:PATH";
                return Ending::new(ExitCode::Usage, text);
            }
            Some(Where::Nats(_)) => {
                let text = "a history on a broker is looked after by the broker's own tools (nats stream info, backup, restore: see docs/history.md); this command is for files: --history sqlite:PATH";
                return Ending::new(ExitCode::Usage, text);
            }
        };
        let done = match self.what {
            What::List { json } => care::list(&path, terminal && !json, out),
            What::Export { room, output: None } => care::export(&path, room.as_deref(), out),
            What::Export { room, output: Some(to) } => care::export_to(&path, room.as_deref(), &to),
            What::Check => care::check(&path, out),
            What::Trim { older_than, keep_messages, room } => {
                care::trim(&path, older_than, keep_messages, room.as_deref(), out)
            }
            What::Restore { from, replace } => care::restore(&path, &from, replace, out),
        };
        match done {
            Ok(()) => Ending::fine(),
            Err(CareError::Output(error)) => Ending::output(&error),
            Err(error) => Ending::new(error.exit_code(), error.to_string()),
        }
    }
}
