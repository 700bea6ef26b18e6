//! Lines from a pipe, a file, or a terminal in its own line mode.

use std::{collections::VecDeque, io::Read};

use tokio::sync::mpsc;

use super::Typed;

/// Bytes asked of the system at once.
const CHUNK: usize = 64 << 10;
/// Batches of lines that may wait. A batch is what one read brought, or one longer line.
const BATCHES: usize = 2;

/// Reads standard input on a thread of its own: a read cannot be called back, and must not hold up the program's end.
pub(super) struct Stdin {
    batches: mpsc::Receiver<Vec<Typed>>,
    ready: VecDeque<Typed>,
}

impl Stdin {
    /// Begins to read, lines of at most `max_line` bytes.
    pub(super) fn start(max_line: usize) -> Self {
        Self::over(std::io::stdin(), max_line)
    }

    fn over(input: impl Read + Send + 'static, max_line: usize) -> Self {
        let (sender, batches) = mpsc::channel(BATCHES);
        std::thread::spawn(move || read_lines(input, max_line, &sender));
        Self { batches, ready: VecDeque::new() }
    }

    /// The next line. Cancel-safe. After the end: [`Typed::End`], again and again.
    pub(super) async fn next(&mut self) -> Typed {
        loop {
            if let Some(typed) = self.ready.pop_front() {
                return typed;
            }
            match self.batches.recv().await {
                Some(batch) => self.ready.extend(batch),
                None => return Typed::End,
            }
        }
    }
}

fn read_lines(mut input: impl Read, max_line: usize, sender: &mpsc::Sender<Vec<Typed>>) {
    let mut pending = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => {
                // Nobody listening means the program is ending.
                let _ = sender.blocking_send(vec![Typed::Unreadable(error.to_string())]);
                return;
            }
        };
        let mut batch = Vec::new();
        for piece in chunk[..count].split_inclusive(|byte| *byte == b'\n') {
            pending.extend_from_slice(piece);
            if pending.len() > max_line.saturating_add(2) {
                batch.push(Typed::Unreadable(format!("a line of the input has more than {max_line} bytes")));
                let _ = sender.blocking_send(batch);
                return;
            }
            if pending.ends_with(b"\n") {
                batch.push(Typed::Line(without_line_end(std::mem::take(&mut pending))));
            }
        }
        if !batch.is_empty() && sender.blocking_send(batch).is_err() {
            return;
        }
    }
    if !pending.is_empty() {
        let _ = sender.blocking_send(vec![Typed::Line(without_line_end(pending))]);
    }
}

fn without_line_end(mut line: Vec<u8>) -> Vec<u8> {
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    async fn all(input: &'static [u8], max_line: usize) -> Vec<Typed> {
        let mut stdin = Stdin::over(Cursor::new(input), max_line);
        let mut out = Vec::new();
        loop {
            match stdin.next().await {
                Typed::End => return out,
                typed @ (Typed::Line(_) | Typed::Interrupted | Typed::Unreadable(_)) => out.push(typed),
            }
        }
    }

    fn line(text: &str) -> Typed {
        Typed::Line(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn a_line_is_a_message_with_whatever_line_end() {
        assert_eq!(all(b"a\nb\r\n\nlast", 10).await, [line("a"), line("b"), line(""), line("last")]);
        assert_eq!(all(b"", 10).await, []);
    }

    #[tokio::test]
    async fn a_line_without_end_is_refused() {
        assert_eq!(all(b"0123456789\n", 10).await, [line("0123456789")]);
        let told = all(b"ok\n0123456789abc", 10).await;
        assert_eq!(told[0], line("ok"));
        assert!(matches!(&told[1], Typed::Unreadable(why) if why.contains("10 bytes")), "{told:?}");
    }
}
