//! The policy this page's lines follow: remembered, and changed only to what the core accepts.

use heartline_core::policy::Policy;
use leptos::prelude::RwSignal;

use crate::storage::{StorageError, Store, key};

/// The policy remembered, and the words to show if what was remembered cannot be used.
pub fn policy(store: &Store) -> (Policy, Option<String>) {
    match store.read(key::POLICY).map(|json| Policy::from_json(&json)) {
        None => (Policy::default(), None),
        Some(Ok(policy)) => (policy, None),
        Some(Err(error)) => {
            let words = [
                "the policy this page remembered cannot be used, so the default stands: ",
                &error.to_string(),
            ];
            (Policy::default(), Some(words.concat()))
        }
    }
}

/// Remembers a policy.
///
/// # Errors
/// [`StorageError`] if the browser does not keep it; it is in force all the same.
pub fn remember(store: &Store, policy: &Policy) -> Result<(), StorageError> {
    store.write(key::POLICY, &policy.to_json())
}

/// The preset that a policy equals, by name.
pub fn preset_of(policy: &Policy) -> Option<&'static str> {
    Policy::PRESETS.iter().map(|(name, _)| *name).find(|name| Policy::preset(name).as_ref() == Some(policy))
}

/// The policy in force from the next connection on, as a context for components.
#[derive(Clone, Copy)]
pub struct PolicySetting(pub RwSignal<Policy>);
