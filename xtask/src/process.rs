//! Starting other programs: live, to a log file, or for what they answer.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};

/// How many of a log's last lines an error shows.
const LAST_LINES: usize = 15;

/// How many letters of a command line a message shows.
const LONGEST_NAME: usize = 60;

/// A command that does not inherit what cargo set for this program alone: builds would differ from those by hand.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        let is_ours = name_text.starts_with("CARGO_PKG_") || name_text.starts_with("CARGO_MANIFEST_");
        if is_ours {
            command.env_remove(&name);
        }
    }
    command
}

/// `cargo`, the one that runs this program.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// What a program prints, if it runs and ends well.
pub(crate) fn answer(mut command: Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where a program is on the `PATH`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(&file)).find(|path| path.is_file())
}

/// Runs with the terminal of this program; an error if it ends badly.
pub(crate) fn live(mut command: Command) -> Result<()> {
    let name = name_of(&command);
    let status = command.status().with_context(|| cannot_start(&name))?;
    if !status.success() {
        bail!("`{name}` ended with {status}; what it says stands above");
    }
    Ok(())
}

/// Runs with everything it prints in a log file; each line also goes to `on_line`.
///
/// The error shows the end of the log and where the whole of it is.
pub(crate) fn logged(mut command: Command, log: &Path, on_line: &mut dyn FnMut(&str)) -> Result<()> {
    let name = name_of(&command);
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let file = Mutex::new(File::create(log).with_context(|| format!("cannot write {}", log.display()))?);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| cannot_start(&name))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(|| each_line(stdout, &mut |line| note(&file, line)));
        each_line(stderr, &mut |line| {
            if !is_progress_bar(line) {
                note(&file, line);
            }
            on_line(line);
        });
    });
    let status = child.wait().with_context(|| format!("lost sight of `{name}`"))?;
    if !status.success() {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        bail!("`{name}` ended with {status}\n{}\nthe whole of it: {}", last_lines(&text), log.display());
    }
    Ok(())
}

/// Cuts a stream into lines at line feeds and carriage returns, as a terminal would.
pub(crate) fn each_line(stream: Option<impl Read>, on_line: &mut dyn FnMut(&str)) {
    let Some(stream) = stream else { return };
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        for line in String::from_utf8_lossy(&bytes).split(['\r', '\n']).filter(|line| !line.trim().is_empty())
        {
            on_line(line);
        }
        bytes.clear();
    }
}

/// A command as one would type it, cut to what fits a line.
pub(crate) fn name_of(command: &Command) -> String {
    let program =
        Path::new(command.get_program()).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    let whole = std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ");
    match whole.char_indices().nth(LONGEST_NAME) {
        None => whole,
        Some((end, _)) => format!("{}…", &whole[..end]),
    }
}

fn note(file: &Mutex<File>, line: &str) {
    if let Ok(mut file) = file.lock() {
        // A log that cannot be written is no reason to stop what it tells of.
        let _ = writeln!(file, "{line}");
    }
}

fn is_progress_bar(line: &str) -> bool {
    line.trim_start().starts_with("Building [")
}

fn cannot_start(name: &str) -> String {
    format!("cannot start `{name}`; is it installed?")
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LAST_LINES);
    lines[from..].iter().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_line_feeds_and_carriage_returns() {
        let mut seen = Vec::new();
        each_line(Some(&b"one\rtwo\r\n\nthree"[..]), &mut |line| seen.push(line.to_owned()));
        assert_eq!(seen, ["one", "two", "three"]);
    }

    #[test]
    fn a_failure_shows_the_end_of_the_log_and_where_it_is() {
        let log = std::env::temp_dir().join(format!("xtask-process-{}.log", std::process::id()));
        let mut rustc = command("rustc");
        rustc.arg("--no-such-flag");
        let said = format!("{:#}", logged(rustc, &log, &mut |_| ()).expect_err("rustc knows no such flag"));
        assert!(said.contains("no-such-flag") && said.contains(&log.display().to_string()), "{said}");
        let _ = std::fs::remove_file(log);
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let said =
            format!("{:#}", live(command("no-such-program-anywhere")).expect_err("there is no such program"));
        assert!(said.contains("no-such-program-anywhere"), "{said}");
    }
}
