//! A command that gives the token of the next dial.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use heartline_core::wire::BearerToken;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::{DialFailure, Step, io_words};

/// How long the command may take: just less than a dial by default, so that its failure has words of its own.
const TIME: Duration = Duration::from_secs(9);

/// How much of what it writes is read, in bytes: more than the longest token has.
const READ: u64 = 32 * 1024;

/// What to hear from the shell's command; run anew for each token, and never shown, for it may hold secrets itself.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenCommand(String);

impl TokenCommand {
    /// A command in the words of the system's shell. What it writes to standard output is the token.
    pub const fn new(words: String) -> Self {
        Self(words)
    }

    /// Runs it.
    ///
    /// # Errors
    /// [`DialFailure`]: it did not begin, did not end in time or well, or wrote no token.
    pub async fn fetch(&self) -> Result<BearerToken, DialFailure> {
        match timeout(TIME, self.run()).await {
            Ok(token) => token,
            Err(_) => Err(failure(format!("did not end within {} s", TIME.as_secs()))),
        }
    }

    async fn run(&self) -> Result<BearerToken, DialFailure> {
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let mut command = Command::new(shell);
        // Its complaints are for the same eyes as ours.
        command.args([flag, &self.0]).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child =
            command.spawn().map_err(|error| failure(format!("did not start: {}", io_words(&error))))?;
        let mut written = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            let read = stdout.take(READ + 1).read_to_end(&mut written).await;
            read.map_err(|error| failure(format!("cannot be read: {}", io_words(&error))))?;
        }
        if written.len() as u64 > READ {
            return Err(failure(format!("wrote more than {READ} bytes, which is no token")));
        }
        let status = child.wait().await.map_err(|error| failure(io_words(&error)))?;
        if !status.success() {
            return Err(failure(format!("failed ({status})")));
        }
        // What is not UTF-8 is not one visible word either.
        let token = BearerToken::parse(&String::from_utf8_lossy(&written));
        token.map_err(|fault| failure(format!("wrote no token: {fault}")))
    }
}

impl fmt::Debug for TokenCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenCommand(…)")
    }
}

fn failure(what: String) -> DialFailure {
    DialFailure::passing(
        Step::Token,
        format!("the token command {what}"),
        "run it by hand to see what it says",
    )
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn its_word_is_the_token() {
        assert_eq!(fetch("printf ' abc.def\\n'").await, Ok("abc.def".to_owned()));
        for (command, word) in [
            ("exit 3", "3"),
            ("true", "no token"),
            ("echo a; echo b", "one word"),
            ("head -c 20000 /dev/zero | tr '\\0' x", "may be 16384"),
            ("head -c 40000 /dev/zero | tr '\\0' x", "more than"),
            ("no-such-command-anywhere", "127"),
        ] {
            let failure = fetch(command).await.unwrap_err();
            assert!(failure.contains(word) && failure.contains("by hand"), "{command}: {failure}");
        }
    }

    async fn fetch(command: &str) -> Result<String, String> {
        let command = TokenCommand::new(command.to_owned());
        command.fetch().await.map(|token| token.as_str().to_owned()).map_err(|failure| failure.to_string())
    }
}
