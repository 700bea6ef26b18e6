use std::time::{SystemTime, UNIX_EPOCH};

use heartline_core::chat::{ClientSecret, Identity};

/// Bytes of a secret: 256 bits, twice what the protocol asks for.
const SECRET_BYTES: usize = 32;

/// An identity for this run alone.
///
/// # Errors
/// Words, if the system gives no randomness or its clock stands before 1970.
pub(super) fn fresh() -> Result<Identity, String> {
    let mut bytes = [0; SECRET_BYTES];
    let provider = rustls::crypto::ring::default_provider();
    provider.secure_random.fill(&mut bytes).map_err(|_| "this machine gives no random numbers".to_owned())?;
    let secret = ClientSecret::from_random(&bytes).map_err(|error| error.to_string())?;
    of(secret, 0)
}

/// An identity of an earlier run, which used the numbers up to `used`.
///
/// # Errors
/// Words, if the system's clock stands before 1970.
pub(super) fn of(secret: ClientSecret, used: u64) -> Result<Identity, String> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|_| "this machine's clock stands before 1970: set it".to_owned())?;
    let wall = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    Ok(Identity::new(secret, wall.max(used)))
}
