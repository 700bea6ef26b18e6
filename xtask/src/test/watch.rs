//! Running a command so that its output is both passed on and looked at.

use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::name_of;

/// Runs a command with its output passed on line by line, each of which `see` looks at.
///
/// An error if the command cannot start, ends badly, or says nothing for `patience`: then something in it hangs, and it is killed.
pub(crate) fn watch(command: Command, see: impl FnMut(&str), patience: Duration) -> Result<()> {
    watch_into(command, see, patience, std::io::stdout(), std::io::stderr())
}

fn watch_into(
    mut command: Command,
    mut see: impl FnMut(&str),
    patience: Duration,
    out: impl Write + Send,
    err: impl Write + Send,
) -> Result<()> {
    let name = name_of(&command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    lead_group(&mut command);
    let mut child = command.spawn().with_context(|| format!("cannot start `{name}`"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (to_us, lines) = mpsc::channel();
    let mut hangs = false;
    std::thread::scope(|scope| {
        let also_to_us = to_us.clone();
        scope.spawn(move || pass_on(stdout, out, &also_to_us));
        scope.spawn(move || pass_on(stderr, err, &to_us));
        loop {
            match lines.recv_timeout(patience) {
                Ok(line) => see(&line),
                Err(RecvTimeoutError::Disconnected) => break,
                // Its end closes what it prints into, and so ends this loop.
                Err(RecvTimeoutError::Timeout) => {
                    hangs = true;
                    kill(&mut child);
                }
            }
        }
    });
    let status = child.wait().with_context(|| format!("lost sight of `{name}`"))?;
    if hangs {
        bail!("`{name}` said nothing for {} min and was killed: something hangs", patience.as_secs() / 60);
    }
    if !status.success() {
        bail!("`{name}` ended with {status}");
    }
    Ok(())
}

fn pass_on(from: Option<impl Read>, mut to: impl Write, lines: &Sender<String>) {
    let Some(from) = from else { return };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // Whoever closed our output still gets the right exit code.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        // Heard until both streams have ended.
        let _ = lines.send(String::from_utf8_lossy(&line).into_owned());
        line.clear();
    }
}

/// So that it can be killed with all that it has started. At a terminal it stays in our group, where Ctrl-C reaches it.
fn lead_group(command: &mut Command) {
    #[cfg(unix)]
    if !std::io::stdin().is_terminal() {
        std::os::unix::process::CommandExt::process_group(command, 0);
    }
    #[cfg(not(unix))]
    let _ = command;
}

fn kill(child: &mut Child) {
    #[cfg(unix)]
    if !std::io::stdin().is_terminal() {
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
    }
    // Where it does not lead a group, or there is no such program.
    let _ = child.kill();
}

#[cfg(test)]
mod tests {
    use super::super::tally::Tally;
    use super::*;
    use crate::process::command;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    #[cfg(unix)]
    fn what_a_failing_command_counted_is_kept() {
        let mut shell = command("sh");
        shell.args(["-c", "echo 'test result: FAILED. 1 passed; 2 failed; 0 ignored;' >&2; exit 101"]);
        let (mut tally, mut out, mut err) = (Tally::default(), Vec::new(), Vec::new());
        assert!(watch_into(shell, |line| tally.see(line), PATIENCE, &mut out, &mut err).is_err());
        assert!(out.is_empty() && err.starts_with(b"test result"), "what is counted is passed on too");
        assert_eq!(tally, Tally { passed: 1, failed: 2, ignored: 0 });
    }

    #[test]
    #[cfg(unix)]
    fn what_hangs_is_killed_and_said_to_hang() {
        let mut shell = command("sh");
        shell.args(["-c", "echo 'test result: ok. 1 passed; 0 failed; 0 ignored;'; sleep 1000; true"]);
        let mut tally = Tally::default();
        let (out, err) = (Vec::new(), Vec::new());
        let told =
            watch_into(shell, |line| tally.see(line), Duration::from_millis(200), out, err).unwrap_err();
        assert!(told.to_string().contains("something hangs"), "{told}");
        assert_eq!(tally.passed, 1);
    }
}
