//! Who this page is to a server: a secret, and a number that rises with every dial.
//!
//! One running client holds an identity. What outlives a tab is therefore held by a lock ([`keep`](crate::keep)); whoever does
//! not get it has a fresh one, which lives as long as the tab's memory.

use heartline_core::chat::{ClientSecret, Identity};
use wasm_bindgen::JsValue;

use crate::clock;

/// How many random bits keep anybody from guessing the secret: 128, as bytes.
const SECRET_BYTES: usize = 16;

/// A fresh identity: 128 bits from the browser's random source.
///
/// # Errors
/// The browser has no random source a page may use.
pub fn fresh() -> Result<Identity, JsValue> {
    let secret = ClientSecret::from_random(&random::<SECRET_BYTES>()?).map_err(|error| error.to_string())?;
    Ok(Identity::new(secret, first_dial()))
}

/// That of an earlier visit, which used the numbers up to `used`. Where the wall clock was set back, they rise all the same.
pub fn of(secret: ClientSecret, used: u64) -> Identity {
    Identity::new(secret, first_dial().max(used))
}

/// The same one for a new machine: its dials and its messages' numbers lie above all that the old one gave out.
pub fn again(identity: &Identity) -> Identity {
    Identity::new(identity.secret().clone(), first_dial().max(identity.dial() + 1))
}

/// A seed for the machines' jitter.
///
/// # Errors
/// As [`fresh`].
pub fn seed() -> Result<u64, JsValue> {
    random().map(u64::from_le_bytes)
}

/// The wall clock in milliseconds, so that a later tab has a higher one. Before 1970 it is 0.
fn first_dial() -> u64 {
    clock::wall_ms() as u64
}

fn random<const N: usize>() -> Result<[u8; N], JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let mut bytes = [0; N];
    window.crypto()?.get_random_values_with_u8_array(&mut bytes)?;
    Ok(bytes)
}
