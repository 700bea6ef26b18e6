//! Numbers as every JSON reader can hold them.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use super::MAX_NUMBER;

/// A whole number up to [`MAX_NUMBER`]; beyond it the message is refused, for a changed seq or id is worse than none.
pub(super) fn exact<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(from)?;
    if number > MAX_NUMBER {
        return Err(D::Error::custom(format_args!("the number {number} is beyond 2^53 - 1")));
    }
    Ok(number)
}

/// As [`exact`], or nothing. `null` is nothing too.
pub(super) fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    struct Exact(#[serde(deserialize_with = "exact")] u64);
    Ok(Option::<Exact>::deserialize(from)?.map(|Exact(number)| number))
}

/// Any number, brought into `0..=MAX_NUMBER`: for waits, counts and limits, where the nearest sensible value serves.
pub(super) fn saturating<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    from.deserialize_any(Saturating)
}

/// As [`saturating`], within `u32`.
pub(super) fn saturating_u32<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    saturating(from).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}

struct Saturating;

impl Visitor<'_> for Saturating {
    type Value = u64;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a number")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Ok(number.min(MAX_NUMBER))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        Ok(u64::try_from(number).unwrap_or(0).min(MAX_NUMBER))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        if number.is_nan() {
            return Err(E::invalid_value(Unexpected::Float(number), &self));
        }
        // `as` saturates: below zero is 0, beyond the top is the top.
        Ok((number as u64).min(MAX_NUMBER))
    }
}
