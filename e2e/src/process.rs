//! A process, and who owns it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;

use tokio::sync::watch;

use crate::wait::{self, DEADLINE};

/// A running process. Dropping it kills it and waits for its end.
///
/// It belongs to the process group of the tests, so that Ctrl-C ends everything together.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    out: Lines,
    err: Lines,
}

/// The lines a process has written so far; kept being read, so that it never blocks on a full pipe.
type Lines = watch::Receiver<Vec<String>>;

impl Process {
    /// Starts it, all three streams connected to us.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn start(name: impl Into<String>, mut command: Command) -> Self {
        let name = name.into();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("cannot start {name} ({command:?}): {error}"),
        };
        let stdin = child.stdin.take();
        let out = follow(child.stdout.take().expect("stdout is piped"));
        let err = follow(child.stderr.take().expect("stderr is piped"));
        Self { name, child, stdin, out, err }
    }

    /// What it wrote to its standard output.
    pub fn lines(&self) -> Vec<String> {
        self.out.borrow().clone()
    }

    /// Waits for a line of its standard output that `find` makes something of.
    ///
    /// # Panics
    /// It ended, or the deadline passed, without such a line.
    pub async fn line<T>(&mut self, what: &str, mut find: impl FnMut(&str) -> Option<T>) -> T {
        match self.try_line(&mut find).await {
            Some(found) => found,
            None => panic!("{} never wrote {what}\n{}", self.name, self.said()),
        }
    }

    /// As [`line`](Self::line); `None` if it ended, or the deadline passed.
    pub async fn try_line<T>(&mut self, find: impl FnMut(&str) -> Option<T>) -> Option<T> {
        try_line(&mut self.out, find).await
    }

    /// As [`line`](Self::line), of its standard error.
    ///
    /// # Panics
    /// It ended, or the deadline passed, without such a line.
    pub async fn error_line<T>(&mut self, what: &str, find: impl FnMut(&str) -> Option<T>) -> T {
        match try_line(&mut self.err, find).await {
            Some(found) => found,
            None => panic!("{} never wrote {what}\n{}", self.name, self.said()),
        }
    }

    /// Writes a line to its standard input.
    ///
    /// # Panics
    /// It no longer reads.
    pub fn write_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("its standard input is open");
        if let Err(error) = writeln!(stdin, "{line}").and_then(|()| stdin.flush()) {
            panic!("{} does not take {line:?}: {error}\n{}", self.name, self.said());
        }
    }

    /// Ends its standard input.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It goes on beyond the deadline.
    pub async fn end(&mut self) -> ExitStatus {
        let what = format!("the end of {}", self.name);
        wait::until(&what, async || match self.child.try_wait() {
            Ok(Some(status)) => Ok(status),
            Ok(None) => Err("it runs".to_owned()),
            Err(error) => Err(error.to_string()),
        })
        .await
    }

    /// Kills it, as `kill -9` does, and waits for its end.
    pub fn kill(&mut self) {
        // What has ended already is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// All it wrote, for whoever reads why a test failed.
    pub fn said(&self) -> String {
        let all = |lines: &Lines| lines.borrow().join("\n    ");
        format!("{}\n  out:\n    {}\n  err:\n    {}", self.name, all(&self.out), all(&self.err))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The first line that `find` makes something of; `None` if there are no more, or the deadline passed.
async fn try_line<T>(lines: &mut Lines, mut find: impl FnMut(&str) -> Option<T>) -> Option<T> {
    let mut found = None;
    let awaited = lines.wait_for(|lines| {
        found = lines.iter().find_map(|line| find(line));
        found.is_some()
    });
    // Both a closed pipe and a passed deadline leave `found` empty.
    let _ = tokio::time::timeout(DEADLINE, awaited).await.map(|seen| seen.map(drop));
    found
}

fn follow(stream: impl Read + Send + 'static) -> Lines {
    let (seen, lines) = watch::channel(Vec::new());
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            seen.send_modify(|lines| lines.push(text));
            line.clear();
        }
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_in_may_be_a_line_out() {
        let mut process = Process::start("cat", Command::new("cat"));
        process.write_line("one");
        process.line("what it was told", |line| (line == "one").then_some(())).await;
        process.close_input();
        assert!(process.end().await.success());
        assert_eq!(process.try_line(|line| (line == "two").then_some(())).await, None);
    }
}
