//! Runs the program and looks at what it leaves behind.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
};

/// How long any run may take before the test gives up on it. Not a measure of anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code; -1 if a signal ended it.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Checks the exit code, and that standard error holds all of `words`, on one line each.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "\"{word}\" is not told: {self:?}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }
}

/// The program with those arguments, in an environment without proxies and colours.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heartline"));
    command.args(args).kill_on_drop(true);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command.env_remove("RUST_LOG").env_remove("HEARTLINE_BASIC_AUTH").env_remove("HEARTLINE_TOKEN");
    // Nothing goes where the user's own data lies.
    command.env("HEARTLINE_HISTORY", "memory").env("XDG_DATA_HOME", env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end with that standard input.
pub(crate) async fn run(args: &[&str], input: &[u8]) -> Outcome {
    finish(command(args), input).await
}

/// Runs a prepared command to its end with that standard input.
pub(crate) async fn finish(mut command: Command, input: &[u8]) -> Outcome {
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writing = tokio::spawn(async move {
        // A program that has seen enough may hang up on us.
        let _ = stdin.write_all(&input).await;
    });
    let output =
        tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("the program does not end");
    writing.abort();
    let output = output.unwrap();
    Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A program that is still running, whose lines are read as they come.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    stderr: tokio::io::Lines<BufReader<tokio::process::ChildStderr>>,
}

/// Starts it.
pub(crate) fn start(args: &[&str]) -> Running {
    start_command(command(args))
}

/// Starts a prepared command.
pub(crate) fn start_command(mut command: Command) -> Running {
    let mut child = command.spawn().unwrap();
    Running {
        stdin: child.stdin.take(),
        stdout: BufReader::new(child.stdout.take().unwrap()).lines(),
        stderr: BufReader::new(child.stderr.take().unwrap()).lines(),
        child,
    }
}

impl Running {
    /// The next line on standard output.
    pub(crate) async fn out(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.stdout.next_line())
            .await
            .expect("no line on standard output");
        line.unwrap().expect("standard output has ended")
    }

    /// The next line on standard error that holds `word`.
    pub(crate) async fn err(&mut self, word: &str) -> String {
        let found = async {
            loop {
                let line = self.stderr.next_line().await.unwrap().expect("standard error has ended");
                if line.contains(word) {
                    return line;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("the line does not come")
    }

    /// Types a line.
    pub(crate) async fn type_line(&mut self, line: &str) {
        self.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// Ends its input.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Stops reading its standard output.
    pub(crate) fn break_pipe(self) -> Child {
        self.child
    }

    /// Sends a signal by name.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([name, &id]).status().await.unwrap().success());
    }

    /// Waits for its end and gives the exit code.
    pub(crate) async fn code(&mut self) -> i32 {
        let status =
            tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("the program does not end");
        status.unwrap().code().unwrap_or(-1)
    }
}
