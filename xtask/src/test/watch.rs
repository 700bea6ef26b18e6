//! Running a command so that its output is both seen and counted.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};

use super::tally::Tally;
use crate::process::name_of;

/// Runs a command with its output passed on line by line and the tests in it counted.
///
/// An error if the command cannot start or ends badly; what was counted until then is in `tally`.
pub(crate) fn watch(command: Command, tally: &mut Tally) -> Result<()> {
    watch_into(command, tally, std::io::stdout(), std::io::stderr())
}

fn watch_into(
    mut command: Command,
    tally: &mut Tally,
    out: impl Write + Send,
    err: impl Write + Send,
) -> Result<()> {
    let name = name_of(&command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let shared = Mutex::new(tally);
    std::thread::scope(|scope| {
        scope.spawn(|| pass_on(stdout, out, &shared));
        pass_on(stderr, err, &shared);
    });
    let status = child.wait().with_context(|| format!("lost sight of `{name}`"))?;
    if !status.success() {
        bail!("`{name}` ended with {status}");
    }
    Ok(())
}

fn pass_on(from: Option<impl Read>, mut to: impl Write, tally: &Mutex<&mut Tally>) {
    let Some(from) = from else { return };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // Whoever closed our output still gets the right exit code.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        if let Ok(mut tally) = tally.lock() {
            tally.see(&String::from_utf8_lossy(&line));
        }
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::command;

    #[test]
    #[cfg(unix)]
    fn what_a_failing_command_counted_is_kept() {
        let mut shell = command("sh");
        shell.args(["-c", "echo 'test result: FAILED. 1 passed; 2 failed; 0 ignored;' >&2; exit 101"]);
        let (mut tally, mut out, mut err) = (Tally::default(), Vec::new(), Vec::new());
        assert!(watch_into(shell, &mut tally, &mut out, &mut err).is_err());
        assert!(out.is_empty() && err.starts_with(b"test result"), "what is counted is passed on too");
        assert_eq!(tally, Tally { passed: 1, failed: 2, ignored: 0 });
    }
}
