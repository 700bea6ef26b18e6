//! Dials one address, again and again, as a machine asks.

use crate::{
    driver::{Dial, Tell, Wire},
    model::address::Address,
    server_probe::ServerProbe,
    socket::Socket,
};

/// Makes [`Socket`]s to one address.
pub struct Dialer {
    address: Address,
    subprotocols: Vec<String>,
}

impl Dialer {
    /// Dials `address`, offering `subprotocols` (none: the header is left out).
    pub fn new(address: Address, subprotocols: Vec<String>) -> Self {
        Self { address, subprotocols }
    }
}

impl Dial for Dialer {
    fn dial(&self, generation: u64, tell: Tell) -> Result<Box<dyn Wire>, String> {
        let probe = ServerProbe::new(&self.address.url, self.address.own_server);
        let socket = Socket::dial(&self.address.url, &self.subprotocols, generation, probe, tell)?;
        Ok(Box::new(socket))
    }
}
