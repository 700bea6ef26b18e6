//! `heartline chat --json` in a pipe.

use serde_json::Value;
use tempfile::TempDir;

use crate::heartline;
use crate::process::Process;

/// Somebody at a terminal, in a room.
#[derive(Debug)]
pub struct Terminal {
    process: Process,
    /// Where it keeps who it is. Goes last.
    _home: TempDir,
}

impl Terminal {
    /// Somebody who is in the room of a server (`HOST:PORT`).
    ///
    /// # Panics
    /// They do not get in.
    pub async fn join(server: &str, name: &str, room: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut command = heartline();
        let url = format!("ws://{server}/chat");
        command.args(["chat", &url, "--room", room, "--name", name, "--json"]);
        for variable in ["HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env(variable, home.path());
        }
        let mut terminal = Self { process: Process::start("heartline chat", command), _home: home };
        terminal.wait("joined", |_| true).await;
        terminal
    }

    /// Says something.
    pub fn say(&mut self, text: &str) {
        self.process.write_line(text);
    }

    /// Waits until a text was said here, by whomever.
    ///
    /// # Panics
    /// It never was.
    pub async fn wait_said(&mut self, text: &str) -> Value {
        self.wait("said", |event| event["text"] == text).await
    }

    /// Waits until a text of its own got this far: `queued`, `sent`, `accepted`, `held`, `rejected`.
    ///
    /// # Panics
    /// It never did.
    pub async fn wait_own(&mut self, text: &str, state: &str) -> Value {
        self.wait("own", |event| event["text"] == text && event["state"] == state).await
    }

    /// Waits until it tells that its line has gone.
    ///
    /// # Panics
    /// It never does.
    pub async fn wait_ended(&mut self) -> Value {
        self.wait("ended", |_| true).await
    }

    /// Waits for an event of this name that is right.
    ///
    /// # Panics
    /// It never comes.
    pub async fn wait(&mut self, name: &str, is_right: impl Fn(&Value) -> bool) -> Value {
        let find = |line: &str| event(line).filter(|event| event["event"] == name && is_right(event));
        self.process.line(&format!("the right event {name:?}"), find).await
    }

    /// What was said, in the order it was told.
    pub fn texts(&self) -> Vec<String> {
        let events = self.process.lines().into_iter().filter_map(|line| event(&line));
        events
            .filter(|event| event["event"] == "said")
            .filter_map(|event| event["text"].as_str().map(str::to_owned))
            .collect()
    }

    /// Says goodbye by ending its input, and waits for its end.
    ///
    /// # Panics
    /// It does not end, or not well.
    pub async fn end(mut self) {
        self.process.close_input();
        let status = self.process.end().await;
        assert!(status.success(), "{status}\n{}", self.process.said());
    }
}

fn event(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok()
}
