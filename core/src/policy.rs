//! Every number that decides: heartbeat, reconnect, outbox.
//!
//! A [`Policy`] is validated when it is made, so a machine never meets one that cannot work. What follows from
//! other numbers is computed, not stored twice (a probe's wait, the slack of a hidden page). As JSON a policy is
//! an object of three objects with times in milliseconds; whatever is left out has its default.

mod heartbeat;
mod outbox;
mod preset;
mod reconnect;

use serde::{Deserialize, Serialize};

pub use heartbeat::{HeartbeatPolicy, MIN_ANNOUNCED_GRACE, MIN_ANNOUNCED_INTERVAL, THROTTLE_SLACK};
pub use outbox::OutboxPolicy;
pub use reconnect::{HIDDEN_DIAL_GAP, MAX_TOLD_WAIT, ReconnectPolicy};

use crate::time::Duration;

/// How long before its token ends a line asks for another, and never longer than a quarter of what the token was good for: a hidden
/// page's timer may be a minute late, and fetching takes its time.
pub const TOKEN_LEAD: Duration = Duration::from_secs(90);

/// How a line beats, dials again, and keeps what was not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    heartbeat: HeartbeatPolicy,
    reconnect: ReconnectPolicy,
    outbox: OutboxPolicy,
}

impl Policy {
    /// Puts three valid parts together; any combination of them works.
    #[must_use]
    pub const fn new(heartbeat: HeartbeatPolicy, reconnect: ReconnectPolicy, outbox: OutboxPolicy) -> Self {
        Self { heartbeat, reconnect, outbox }
    }

    /// Reads a policy from JSON.
    ///
    /// # Errors
    /// [`PolicyError::NotAPolicy`] with the reader's words, for text that is no JSON, has unknown fields, or holds
    /// numbers that cannot work together.
    pub fn from_json(text: &str) -> Result<Self, PolicyError> {
        // The reader would take a list of values in the order of the fields, which nobody means.
        if !text.trim_start().starts_with('{') {
            return Err(PolicyError::NotAPolicy { why: "a policy is a JSON object, {…}".to_owned() });
        }
        serde_json::from_str(text).map_err(|error| PolicyError::NotAPolicy { why: error.to_string() })
    }

    /// The policy as indented JSON, every value written out.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a policy is plain numbers, which always serialise")
    }

    /// When to beat and when to give up on a beat.
    #[must_use]
    pub const fn heartbeat(&self) -> &HeartbeatPolicy {
        &self.heartbeat
    }

    /// When to dial again.
    #[must_use]
    pub const fn reconnect(&self) -> &ReconnectPolicy {
        &self.reconnect
    }

    /// How much to keep of what was not sent.
    #[must_use]
    pub const fn outbox(&self) -> &OutboxPolicy {
        &self.outbox
    }
}

/// Why numbers do not make a policy. The one who wrote them has to change them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not a policy at all, or one whose parts contradict each other.
    #[error("this is no policy: {why}")]
    NotAPolicy {
        /// The reader's words, with line and column.
        why: String,
    },
    /// A number is below what can work.
    #[error("{field} is {given_ms} ms, but must be at least {min_ms} ms")]
    TooShort {
        /// The field's name in JSON.
        field: &'static str,
        /// What was given, in milliseconds.
        given_ms: u128,
        /// The least that works, in milliseconds.
        min_ms: u128,
    },
    /// A number is above what can work.
    #[error("{field} is {given_ms} ms, but must be at most {max_ms} ms")]
    TooLong {
        /// The field's name in JSON.
        field: &'static str,
        /// What was given, in milliseconds.
        given_ms: u128,
        /// The most that works, in milliseconds.
        max_ms: u128,
    },
    /// The grace does not end before the next beat.
    #[error(
        "grace ({grace_ms} ms) must be shorter than interval ({interval_ms} ms), or answers could not be told apart"
    )]
    GraceNotBelowInterval {
        /// The grace given, in milliseconds.
        grace_ms: u128,
        /// The interval given, in milliseconds.
        interval_ms: u128,
    },
    /// The longest wait is shorter than the first.
    #[error("cap ({cap_ms} ms) must not be shorter than base ({base_ms} ms)")]
    CapBelowBase {
        /// The cap given, in milliseconds.
        cap_ms: u128,
        /// The base given, in milliseconds.
        base_ms: u128,
    },
    /// An outbox that can hold nothing.
    #[error("{field} is {given}, but must be between 1 and {max}")]
    OutOfRange {
        /// The field's name in JSON.
        field: &'static str,
        /// What was given.
        given: usize,
        /// The most that is allowed.
        max: usize,
    },
}

/// Checks that `min <= given <= max`, naming the field.
fn between(
    field: &'static str,
    given: Duration,
    min: Duration,
    max: Duration,
) -> Result<Duration, PolicyError> {
    if given < min {
        return Err(PolicyError::TooShort { field, given_ms: given.as_millis(), min_ms: min.as_millis() });
    }
    if given > max {
        return Err(PolicyError::TooLong { field, given_ms: given.as_millis(), max_ms: max.as_millis() });
    }
    Ok(given)
}

/// Whole milliseconds; every policy value is far below 2^64 of them.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_preset_survives_a_round_trip_through_json() {
        for (name, _) in Policy::PRESETS {
            let policy = Policy::preset(name).expect("a listed preset exists");
            assert_eq!(Policy::from_json(&policy.to_json()), Ok(policy), "{name}");
        }
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let policy = Policy::from_json(r#"{"heartbeat":{"interval_ms":30000}}"#).expect("a part is enough");
        assert_eq!(policy.heartbeat().interval(), Duration::from_secs(30));
        assert_eq!(policy.heartbeat().grace(), Duration::from_secs(10));
        assert_eq!(policy.reconnect(), Policy::default().reconnect());
    }

    #[test]
    fn what_cannot_work_does_not_construct() {
        for text in [
            r#"{"heartbeat":{"interval_ms":5000,"grace_ms":5000}}"#,
            r#"{"heartbeat":{"interval_ms":0}}"#,
            r#"{"heartbeat":{"grace_ms":0}}"#,
            r#"{"reconnect":{"base_ms":0}}"#,
            r#"{"reconnect":{"base_ms":2000,"cap_ms":1000}}"#,
            r#"{"reconnect":{"dial_timeout_ms":0}}"#,
            r#"{"outbox":{"messages":0}}"#,
            r#"{"outbox":{"bytes":0}}"#,
            r#"{"heartbeats":{}}"#,
            r#"{"heartbeat":{"interval_ms":-1}}"#,
            r#"{"heartbeat":{"interval_ms":18446744073709551615}}"#,
            "[]",
            "",
        ] {
            assert!(matches!(Policy::from_json(text), Err(PolicyError::NotAPolicy { .. })), "{text}");
        }
    }

    #[test]
    fn the_error_names_both_numbers() {
        let error = Policy::from_json(r#"{"heartbeat":{"interval_ms":5000,"grace_ms":9000}}"#).unwrap_err();
        assert!(
            error.to_string().contains("grace (9000 ms) must be shorter than interval (5000 ms)"),
            "{error}"
        );
    }
}
