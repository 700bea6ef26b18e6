//! `heartline chat` in a pipe.

use std::process::Command;

use tempfile::TempDir;

use crate::process::Process;
use crate::program;

/// Somebody at a terminal, in a room.
#[derive(Debug)]
pub struct Terminal {
    process: Process,
    /// Where it keeps who it is. Goes last.
    _home: TempDir,
}

impl Terminal {
    /// `heartline chat URL --room ROOM --name NAME`, with further flags.
    pub fn chat(url: &str, room: &str, name: &str, flags: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(program("HEARTLINE_BIN"));
        command.args(["chat", url, "--room", room, "--name", name]).args(flags);
        for variable in ["HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env(variable, home.path());
        }
        Self { process: Process::start("heartline chat", command), _home: home }
    }

    /// Says something.
    pub fn say(&mut self, text: &str) {
        self.process.write_line(text);
    }

    /// The process, for what it wrote and how it ends.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}
