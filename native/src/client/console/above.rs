//! Lines of others for above the prompt: they come from tasks that do not own the terminal.

use std::io::{self, Write};

use tokio::sync::mpsc;

/// Lines that may wait to be painted. Beyond it they are left out, and that is said.
const WAITING: usize = 1024;

/// Where others write whole lines. It never waits.
pub(super) struct Above {
    lines: mpsc::Sender<String>,
    left_out: usize,
}

/// Where they come out.
pub(super) type Lines = mpsc::Receiver<String>;

/// A way from others to the prompt.
pub(super) fn channel() -> (Above, Lines) {
    let (sender, lines) = mpsc::channel(WAITING);
    (Above { lines: sender, left_out: 0 }, lines)
}

/// The next line. Where nobody writes any, it never comes. Cancel-safe.
pub(super) async fn next(lines: Option<&mut Lines>) -> String {
    let next = match lines {
        Some(lines) => lines.recv().await,
        None => None,
    };
    match next {
        Some(line) => line,
        None => std::future::pending().await,
    }
}

impl Above {
    fn send(&mut self, line: String) {
        match self.lines.try_send(line) {
            Ok(()) => {}
            // A prompt that is gone needs no lines.
            Err(_) => self.left_out += 1,
        }
    }
}

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left_out > 0 && self.lines.capacity() > 1 {
            let count = std::mem::take(&mut self.left_out);
            self.send(format!("… {count} lines came faster than they could be shown"));
        }
        for line in String::from_utf8_lossy(bytes).lines() {
            self.send(line.to_owned());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_that_come_too_fast_are_counted() {
        let (mut above, mut lines) = channel();
        for number in 0..WAITING + 3 {
            above.write_all(format!("{number}\n").as_bytes()).unwrap();
        }
        assert_eq!(next(Some(&mut lines)).await, "0");
        assert_eq!(next(Some(&mut lines)).await, "1");
        above.write_all(b"more\n").unwrap();
        let rest: Vec<String> = std::iter::from_fn(|| lines.try_recv().ok()).collect();
        let told: Vec<&str> = rest[rest.len() - 2..].iter().map(String::as_str).collect();
        assert_eq!(told, ["… 3 lines came faster than they could be shown", "more"]);
    }
}
