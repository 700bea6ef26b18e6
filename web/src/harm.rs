//! Harm that is done to a line on purpose, between the machine and the browser's socket: so that anybody can see it heal.
//!
//! It lasts as long as the line it was done to. The next dial is whole again.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use heartline_core::{
    close::code,
    line::{Ended, Input, Message},
};

use crate::driver::{Dial, Tell, Wire};

/// What is done to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// It ends, and nobody said so before: a machine in between that forgets, a cable that is pulled out and noticed.
    Cut,
    /// Nothing passes any more, in either direction, and nobody says so: the usual death on a bad network.
    Freeze,
    /// What is sent from here is lost; what comes still comes.
    Mute,
}

impl Harm {
    /// All of it.
    pub const ALL: [Self; 3] = [Self::Cut, Self::Freeze, Self::Mute];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Freeze => "freeze",
            Self::Mute => "mute",
        }
    }
}

/// Does harm to the line that is there. Copies do it to the same one.
#[derive(Clone, Default)]
pub struct Hand(Rc<Touched>);

#[derive(Default)]
struct Touched {
    harm: Cell<Option<Harm>>,
    /// The latest dial, and where its machine hears of it.
    line: RefCell<Option<(u64, Tell)>>,
}

impl Hand {
    /// Does this to the line that is there. Without one, nothing happens.
    pub fn harm(&self, harm: Harm) {
        let Some((generation, tell)) = self.0.line.borrow().clone() else { return };
        self.0.harm.set(Some(harm));
        if harm == Harm::Cut {
            // What a browser says of a line that ended without a closing handshake.
            let ended = Ended::Code { code: code::ABNORMAL, reason: String::new() };
            tell(Input::Closed { generation, ended });
        }
    }

    /// Makes the lines that `dial` opens touchable.
    pub fn over(&self, dial: impl Dial + 'static) -> impl Dial + 'static {
        Touchable { dial, hand: self.clone() }
    }

    /// What was done to this line.
    fn done_to(&self, generation: u64) -> Option<Harm> {
        let is_it = self.0.line.borrow().as_ref().is_some_and(|(latest, _)| *latest == generation);
        self.0.harm.get().filter(|_| is_it)
    }
}

struct Touchable<D> {
    dial: D,
    hand: Hand,
}

impl<D: Dial> Dial for Touchable<D> {
    fn dial(&self, generation: u64, tell: Tell) -> Result<Box<dyn Wire>, String> {
        self.hand.0.harm.set(None);
        *self.hand.0.line.borrow_mut() = Some((generation, tell.clone()));
        let hand = self.hand.clone();
        let heard: Tell = Rc::new(move |input| match hand.done_to(generation) {
            None | Some(Harm::Mute) => tell(input),
            Some(Harm::Cut | Harm::Freeze) => {}
        });
        let wire = self.dial.dial(generation, heard)?;
        Ok(Box::new(TouchableWire { wire, generation, hand: self.hand.clone() }))
    }
}

struct TouchableWire {
    wire: Box<dyn Wire>,
    generation: u64,
    hand: Hand,
}

impl Wire for TouchableWire {
    fn send(&self, message: &Message) {
        if self.hand.done_to(self.generation).is_none() {
            self.wire.send(message);
        }
    }

    fn close(&self, code: u16, reason: &str) {
        if self.hand.done_to(self.generation).is_none() {
            self.wire.close(code, reason);
        }
    }
}
