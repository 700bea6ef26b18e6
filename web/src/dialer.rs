//! Dials one address, again and again, as a machine asks.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

use heartline_core::line::{Ended, Input, Message};
use wasm_bindgen_futures::spawn_local;

use crate::{
    driver::{Dial, Tell, Wire},
    model::address::Address,
    server_probe::ServerProbe,
    socket::Socket,
    token::TokenSource,
};

/// Makes [`Socket`]s to one address.
pub struct Dialer {
    address: Address,
    subprotocols: Vec<String>,
    tokens: Option<TokenSource>,
}

impl Dialer {
    /// Dials `address`, offering `subprotocols` (none: the header is left out).
    pub fn new(address: Address, subprotocols: Vec<String>) -> Self {
        Self { address, subprotocols, tokens: None }
    }

    /// Fetches a token for each dial first, and tells it to the machine.
    #[must_use]
    pub fn with_tokens(self, tokens: TokenSource) -> Self {
        Self { tokens: Some(tokens), ..self }
    }
}

impl Dial for Dialer {
    fn dial(&self, generation: u64, tell: Tell) -> Result<Box<dyn Wire>, String> {
        let attempt = Attempt { address: self.address.clone(), subprotocols: self.subprotocols.clone() };
        match self.tokens.clone() {
            None => Ok(Box::new(attempt.socket(generation, tell)?)),
            Some(tokens) => Ok(Box::new(Prepared::begin(tokens, attempt, generation, tell))),
        }
    }
}

/// What one dial needs.
struct Attempt {
    address: Address,
    subprotocols: Vec<String>,
}

impl Attempt {
    fn socket(&self, generation: u64, tell: Tell) -> Result<Socket, String> {
        let probe = ServerProbe::new(&self.address.url, self.address.own_server);
        Socket::dial(&self.address.url, &self.subprotocols, generation, probe, tell)
    }
}

/// A socket that is dialled once its token is there. Dropped before that, it never is.
struct Prepared(Rc<RefCell<Option<Socket>>>);

impl Prepared {
    fn begin(tokens: TokenSource, attempt: Attempt, generation: u64, tell: Tell) -> Self {
        let place = Rc::new(RefCell::new(None));
        let wanted: Weak<RefCell<Option<Socket>>> = Rc::downgrade(&place);
        spawn_local(async move {
            let token = tokens.fetch().await;
            let Some(place) = wanted.upgrade() else { return };
            let failed = |why, retry| Input::Closed { generation, ended: Ended::DialFailed { why, retry } };
            match token {
                Ok(token) => {
                    tell(Input::Token { generation, token });
                    match attempt.socket(generation, tell.clone()) {
                        Ok(socket) => *place.borrow_mut() = Some(socket),
                        // The browser will not take it another time either.
                        Err(why) => tell(failed(why, false)),
                    }
                }
                Err(error) => tell(failed(error.to_string(), error.passes())),
            }
        });
        Self(place)
    }
}

impl Wire for Prepared {
    fn send(&self, message: &Message) {
        // No machine sends before the socket is open.
        if let Some(socket) = &*self.0.borrow() {
            socket.send(message);
        }
    }

    fn close(&self, code: u16, reason: &str) {
        if let Some(socket) = &*self.0.borrow() {
            socket.close(code, reason);
        }
    }
}
