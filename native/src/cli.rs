//! What is typed, and what it means.
//!
//! Two steps, so that neither hides in the other: clap reads the words into `…Args`, and their `resolve` turns those
//! into what a command works with, or says what cannot work before anything is dialled.

pub mod chat;
pub mod connect;
pub mod doctor;
pub mod echo;
pub mod history;
pub mod line;
pub mod listen;
pub mod look;
pub mod manual;
pub mod quantity;
pub mod relay;
pub mod replay;
pub mod show;
pub mod way;

use clap::{Args, Parser, Subcommand};

use crate::{output::style::ColorChoice, server::ServeArgs};

/// WebSockets that know when the line is dead, say who cut it, and lose nothing when it is.
#[derive(Debug, Parser)]
#[command(name = "heartline", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Args, Clone, Copy, Debug)]
pub struct GlobalArgs {
    /// When to use colours; `auto` heeds NO_COLOR.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Output")]
    pub color: ColorChoice,
    /// Say more on standard error.
    #[arg(long, short, global = true, help_heading = "Output")]
    pub verbose: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Talk to a WebSocket server: print what comes, send what is typed.
    Connect(Box<connect::ConnectArgs>),
    /// Send each line and expect it back; or send numbered probes, as ping(8) does.
    Echo(Box<echo::EchoArgs>),
    /// Talk to others in a room.
    Chat(Box<chat::ChatArgs>),
    /// Find out who cuts a line, by what means, after how long, and what to set.
    Doctor(Box<doctor::DoctorArgs>),
    /// Be the other end of `connect`: print what comes, send what is typed, to one or to all.
    Listen(Box<listen::ListenArgs>),
    /// Stand between any client and any server: see what passes, let it go wrong, record it.
    Relay(Box<relay::RelayArgs>),
    #[expect(missing_docs, reason = "the words of `ServeArgs` are the command's help")]
    Serve(Box<ServeArgs>),
    /// Print what a relay has recorded, or make a capture for Wireshark of it.
    Show(show::ShowArgs),
    /// Play what a relay has recorded again: as the server it was, or as the client.
    Replay(Box<replay::ReplayArgs>),
    /// Look after what was said: list, export, check, trim and restore the file a server keeps it in.
    History(history::HistoryCommand),
    /// Print a script that completes heartline's words in a shell.
    Completions {
        /// The shell to complete in.
        shell: clap_complete::Shell,
    },
    /// Print the manual page: `heartline man | man -l -`.
    Man {
        /// The command to print it for, such as `connect` or `history export`; without one, heartline as a whole.
        command: Vec<String>,
    },
}

/// Words that clap took, but that cannot work. Says which, and what would.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
