//! A running machine and what the page shows of it: the seam between drivers and signals.

pub mod chat;
pub mod echo;
pub mod inspect;
pub mod redraw;
pub mod repeat;
pub mod stage;

use leptos::prelude::*;

/// Sets a signal only if that changes it: nobody is woken for nothing.
fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}
