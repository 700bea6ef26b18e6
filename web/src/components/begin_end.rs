//! A button that begins something and, once it is begun, ends it.

use leptos::prelude::*;

/// The submit button of a form, in two states. It stays the same element, so that the focus stays on it.
#[component]
pub fn BeginEnd(
    /// Whether it is begun.
    begun: Signal<bool>,
    /// The hook for tests, and the word, while it is not.
    begin: (&'static str, &'static str),
    /// The same while it is.
    end: (&'static str, &'static str),
    /// Whether it cannot be begun now.
    #[prop(optional)]
    barred: Signal<bool>,
) -> impl IntoView {
    let state = move || if begun.get() { end } else { begin };
    view! {
        <button
            class:main=move || !begun.get()
            data-testid=move || state().0
            disabled=move || !begun.get() && barred.get()
        >
            {move || state().1}
        </button>
    }
}
