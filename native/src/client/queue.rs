//! Messages of the user's that the outbox has no room for yet: what is pasted comes faster than it can go out.

use std::collections::VecDeque;

use heartline_core::line::Message;

/// How many may wait: a paste of ten thousand lines.
const MESSAGES: usize = 10_000;
/// How many bytes, but for a single message.
const BYTES: usize = 16 << 20;

/// First in, first out.
#[derive(Debug, Default)]
pub(super) struct Queue {
    messages: VecDeque<Message>,
    bytes: usize,
}

/// There is no room.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{MESSAGES} messages or {} MiB wait already", BYTES >> 20)]
pub(super) struct Full;

impl Queue {
    /// What the user wants to send from the start, however much it is.
    pub(super) fn new(messages: Vec<Message>) -> Self {
        let bytes = messages.iter().map(Message::len).sum();
        Self { messages: messages.into(), bytes }
    }

    /// At the end.
    pub(super) fn push(&mut self, message: Message) -> Result<(), Full> {
        let bytes = self.bytes + message.len();
        if !self.is_empty() && (self.len() >= MESSAGES || bytes > BYTES) {
            return Err(Full);
        }
        self.bytes = bytes;
        self.messages.push_back(message);
        Ok(())
    }

    /// From the front.
    pub(super) fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.len();
        Some(message)
    }

    /// What was popped goes back to the front.
    pub(super) fn put_back(&mut self, message: Message) {
        self.bytes += message.len();
        self.messages.push_front(message);
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_so_many_and_so_much_and_gives_them_back_in_order() {
        let mut queue = Queue::default();
        for number in 0..MESSAGES {
            queue.push(Message::Text(number.to_string())).unwrap();
        }
        assert_eq!(queue.push(Message::Text("one more".to_owned())), Err(Full));
        let first = queue.pop().unwrap();
        queue.put_back(first);
        for number in 0..MESSAGES {
            assert_eq!(queue.pop(), Some(Message::Text(number.to_string())));
        }
        let large = Message::Binary(vec![0; BYTES + 1]);
        queue.push(large).expect("a single one may be larger");
        assert_eq!(queue.push(Message::Text("a".to_owned())), Err(Full));
        assert!(queue.pop().is_some() && queue.is_empty() && queue.bytes == 0);
    }
}
