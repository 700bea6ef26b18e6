//! The manual page and the shells' completions, made from the commands themselves.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use super::{Cli, UsageError};
use crate::exit_code::ExitCode;

/// Writes the manual page of a command, such as `history export`, or of heartline as a whole.
///
/// # Errors
/// Those of `out`; an unknown command is an [`io::ErrorKind::InvalidInput`] with a [`UsageError`] inside.
pub fn write_page(command: &[String], out: &mut impl Write) -> io::Result<()> {
    let mut root = Cli::command();
    root.build();
    let mut page = &root;
    for name in command {
        page = page.find_subcommand(name).ok_or_else(|| {
            let error = UsageError(format!("there is no command \"{name}\" to print a page for"));
            io::Error::new(io::ErrorKind::InvalidInput, error)
        })?;
    }
    let whole = command.is_empty();
    let several = page.has_subcommands();
    let mut page = page.clone();
    if !whole {
        page = page.display_name(format!("heartline-{}", command.join("-")));
    }
    let man = Man::new(page);
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if several {
        man.render_subcommands_section(out)?;
    }
    exit_codes().to_writer(out)?;
    if whole { man.render_version_section(out) } else { Ok(()) }
}

/// Writes the completions of `shell`.
pub fn write_completions(shell: clap_complete::Shell, out: &mut impl Write) {
    clap_complete::generate(shell, &mut Cli::command(), "heartline", out);
}

/// The exit codes as `--help` shows them.
pub fn exit_codes_help() -> String {
    let mut help = String::from("Exit codes:\n");
    for (code, what) in ExitCode::ALL {
        help.push_str(&format!("  {:>3}  {what}\n", code.number()));
    }
    help
}

fn exit_codes() -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["EXIT STATUS"]);
    for (code, what) in ExitCode::ALL {
        section.control("TP", []);
        section.text([bold(code.number().to_string())]);
        section.text([roman(what)]);
    }
    section
}
