//! What may be typed after `cargo xtask`.

use crate::test::Part;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Show what there is.
    Help,
    /// Build the page and the binary, then serve.
    Run {
        /// Open a browser once the server listens.
        open: bool,
        /// Passed on to `heartline serve`.
        serve: Vec<String>,
    },
    /// Build the page only.
    Page,
    /// Set up everything that any of the other commands needs.
    Tools,
    /// Take the pictures that the README shows.
    Pictures,
    /// Let things break, and see whether anything is lost.
    Chaos {
        /// Passed on to the program that does it.
        arguments: Vec<String>,
    },
    /// What [`ANNOUNCE`] asks for.
    Announce,
    /// Check everything.
    Test {
        /// Also what takes minutes.
        long: bool,
        /// Only these; all of them when empty.
        parts: Vec<Part>,
    },
}

/// How `run --open` starts its helper; not for people.
pub(crate) const ANNOUNCE: &str = "announce";

/// The help text.
pub(crate) const HELP: &str = "\
usage: cargo xtask <command>

  run [--open] [-- ARGS]       set up what is missing, build the page and the binary, then `heartline serve ARGS`;
                               --open opens a browser once the server listens
  page                         build the page only, into dist/
  test [--long] [PART...]      check everything, or only the parts named; --long adds what takes minutes
  chaos [--minutes N] [--seed S] [--history NAME] …
                               let clients talk while servers, brokers, sockets and disks break, and check that nothing is
                               lost; --help tells all flags
  pictures                     take the pictures of the page that the README shows, into docs/pictures/
  tools                        set up every tool any of these needs, and say where they are

Parts of `test`, in their order:
  formatting, clippy, clippy-wasm, docs, dependencies, native, doctests, core-wasm, web-chromium, web-firefox, end-to-end

Tools are kept in $HEARTLINE_TOOLS, by default in the folder for caches, under heartline/tools.";

/// Reads the arguments; the error says what could not be understood.
pub(crate) fn parse(arguments: &[String]) -> Result<Command, String> {
    let Some((command, rest)) = arguments.split_first() else { return Ok(Command::Help) };
    match command.as_str() {
        "help" | "--help" | "-h" => Ok(Command::Help),
        "run" => parse_run(rest),
        "page" => nothing_more(rest, Command::Page),
        "tools" => nothing_more(rest, Command::Tools),
        "pictures" => nothing_more(rest, Command::Pictures),
        "chaos" => Ok(Command::Chaos { arguments: rest.to_vec() }),
        ANNOUNCE => nothing_more(rest, Command::Announce),
        "test" => parse_test(rest),
        other => Err(format!("error: there is no command `{other}`")),
    }
}

fn parse_run(arguments: &[String]) -> Result<Command, String> {
    let (mut open, mut serve) = (false, Vec::new());
    for (at, argument) in arguments.iter().enumerate() {
        match argument.as_str() {
            "--open" => open = true,
            "--help" | "-h" => return Ok(Command::Help),
            "--" => {
                serve = arguments[at + 1..].to_vec();
                break;
            }
            other => {
                return Err(format!(
                    "error: `run` does not know `{other}`; what is for the server goes after `--`"
                ));
            }
        }
    }
    Ok(Command::Run { open, serve })
}

fn parse_test(arguments: &[String]) -> Result<Command, String> {
    let (mut long, mut parts) = (false, Vec::new());
    for argument in arguments {
        match argument.as_str() {
            "--long" => long = true,
            "--help" | "-h" => return Ok(Command::Help),
            name => {
                parts.push(Part::named(name).ok_or_else(|| format!("error: `test` has no part `{name}`"))?)
            }
        }
    }
    Ok(Command::Test { long, parts })
}

fn nothing_more(rest: &[String], command: Command) -> Result<Command, String> {
    match rest.first().map(String::as_str) {
        None => Ok(command),
        Some("--help" | "-h") => Ok(Command::Help),
        Some(extra) => Err(format!("error: `{extra}` is one word too many")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn what_follows_two_dashes_is_for_the_server() {
        let serve = vec!["--listen".to_owned(), "[::1]:0".to_owned(), "--open".to_owned()];
        assert_eq!(parsed("run -- --listen [::1]:0 --open"), Ok(Command::Run { open: false, serve }));
        assert_eq!(parsed("run --open"), Ok(Command::Run { open: true, serve: vec![] }));
    }

    #[test]
    fn parts_are_known_by_name() {
        let parts = vec![Part::Native, Part::EndToEnd];
        assert_eq!(parsed("test native --long end-to-end"), Ok(Command::Test { long: true, parts }));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (line, said) in [
            ("dance", "no command `dance`"),
            ("run --port 1", "`--port`"),
            ("test nativ", "no part `nativ`"),
            ("page quickly", "`quickly`"),
        ] {
            assert!(parsed(line).expect_err(line).contains(said), "{line}");
        }
    }

    #[test]
    fn the_help_names_every_part() {
        for part in Part::ALL {
            assert!(HELP.contains(part.name()), "{}", part.name());
        }
    }
}
