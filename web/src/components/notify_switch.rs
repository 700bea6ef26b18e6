//! Whether to be told by the system when one is named.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    notify,
    session::chat::ChatSession,
    storage::{Store, key},
};

/// A switch, where the browser knows such notices.
#[component]
pub fn NotifySwitch(
    /// The chat.
    session: ChatSession,
) -> impl IntoView {
    let refused = RwSignal::new(false);
    let wanted = session.notify;
    let set = move |want: bool| {
        wanted.set(want);
        // Only a convenience: where storage is forbidden, the page said so already.
        let _ = Store::open().write(key::NOTIFY, if want { "yes" } else { "no" });
    };
    let press = move |_| {
        if wanted.get_untracked() {
            return set(false);
        }
        spawn_local(async move {
            let is_allowed = notify::ask().await;
            // The page may be gone by now.
            if refused.try_set(!is_allowed).is_none() {
                set(is_allowed);
            }
        });
    };
    notify::is_known().then(|| {
        view! {
            <button
                type="button"
                class="small"
                data-testid="notify"
                aria-pressed=move || if wanted.get() { "true" } else { "false" }
                on:click=press
            >
                "Tell me when I am named"
            </button>
            <p class="faint quiet" role="status" data-testid="notify-note">
                {move || refused.get().then_some("The browser lets this page show no notices; its settings for this site can change that.")}
            </p>
        }
    })
}
