use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use heartline_core::{
    close::Dialect,
    line::{Input, Line, LineConfig, Machine, Timer, Transmit},
    time::Instant,
};

/// A machine that decides nothing: it notes what it is told and does what a test puts into it.
pub(crate) struct Recorder {
    /// Everything it was told, oldest first.
    pub(crate) told: Rc<RefCell<Vec<Input>>>,
    pub(crate) transmits: VecDeque<Transmit>,
    pub(crate) deadline: Option<Instant>,
    line: Line,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        let line = Line::new(LineConfig::new(Dialect::Plain), 1);
        Self { told: Rc::default(), transmits: VecDeque::new(), deadline: None, line }
    }
}

impl Machine for Recorder {
    type Event = ();

    fn handle(&mut self, _now: Instant, input: Input) {
        if input == Input::Timeout {
            self.deadline = None;
        }
        self.told.borrow_mut().push(input);
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    fn poll_event(&mut self) -> Option<()> {
        None
    }

    fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.deadline.map(|at| (at, Timer::Application))
    }

    fn line(&self) -> &Line {
        &self.line
    }
}
