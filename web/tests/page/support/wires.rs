use std::{cell::RefCell, rc::Rc};

use heartline_core::line::Message;
use heartline_web::driver::{Dial, Tell, Wire};

/// What was done to the wires of a [`FakeDial`], and the ends through which they speak.
#[derive(Clone, Default)]
pub(crate) struct Wires {
    /// `dial 1`, `send hi`, `close 1000`, `dropped 1`, in order.
    pub(crate) done: Rc<RefCell<Vec<String>>>,
    /// For each dial: what its socket would call.
    pub(crate) tells: Rc<RefCell<Vec<Tell>>>,
}

/// Makes wires that lead nowhere.
pub(crate) struct FakeDial {
    pub(crate) wires: Wires,
    /// What the browser says instead of dialling.
    pub(crate) refuses: Option<&'static str>,
}

struct FakeWire {
    generation: u64,
    wires: Wires,
}

impl Wires {
    pub(crate) fn dial(&self) -> FakeDial {
        FakeDial { wires: self.clone(), refuses: None }
    }

    pub(crate) fn tell(&self, dial: usize) -> Tell {
        self.tells.borrow()[dial].clone()
    }

    pub(crate) fn done(&self) -> Vec<String> {
        self.done.borrow().clone()
    }

    fn note(&self, words: String) {
        self.done.borrow_mut().push(words);
    }
}

impl Dial for FakeDial {
    fn dial(&self, generation: u64, tell: Tell) -> Result<Box<dyn Wire>, String> {
        if let Some(words) = self.refuses {
            return Err(words.to_owned());
        }
        self.wires.note(format!("dial {generation}"));
        self.wires.tells.borrow_mut().push(tell);
        Ok(Box::new(FakeWire { generation, wires: self.wires.clone() }))
    }
}

impl Wire for FakeWire {
    fn send(&self, message: &Message) {
        self.wires.note(format!("send {message:?}"));
    }

    fn close(&self, code: u16, _reason: &str) {
        self.wires.note(format!("close {code}"));
    }
}

impl Drop for FakeWire {
    fn drop(&mut self) {
        self.wires.note(format!("dropped {}", self.generation));
    }
}
