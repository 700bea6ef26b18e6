//! The smallest application on a `heartline.v1` line: it says hello on each new one.

use heartline_core::close::Dialect;
use heartline_core::line::Timer;
use heartline_core::line::{Input, Line, LineConfig, LineEvent, Machine, Transmit};
use heartline_core::time::Instant;
use heartline_core::wire::ClientMessage;

/// A line, with an application above it that has nothing to say but hello.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) line: Line,
    name: String,
}

impl Caller {
    pub(crate) fn new(config: LineConfig, seed: u64) -> Self {
        Self { line: Line::new(config, seed), name: format!("caller {seed}") }
    }
}

impl Machine for Caller {
    type Event = LineEvent;

    fn handle(&mut self, now: Instant, input: Input) {
        self.line.handle(now, input);
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.line.poll_transmit()
    }

    fn poll_event(&mut self) -> Option<LineEvent> {
        let event = self.line.poll_event()?;
        if let LineEvent::Opened { generation, dialect: Dialect::V1, .. } = event {
            let hello = ClientMessage::Hello {
                client: self.name.clone(),
                dial: generation,
                name: self.name.clone(),
                token: None,
                resume: Vec::new(),
            };
            // The line may have ended again within the same input; then there is nobody to greet.
            let _ = self.line.post(&hello);
        }
        Some(event)
    }

    fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.line.poll_timeout()
    }

    fn line(&self) -> &Line {
        &self.line
    }
}
