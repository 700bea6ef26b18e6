//! A field for a WebSocket URL.

use leptos::prelude::*;

use super::field::Field;

/// Where to dial. It stays as it is while it is dialled.
#[component]
pub fn UrlField(
    /// The control's `id`, and the hook for tests.
    id: &'static str,
    /// The label's words.
    label: &'static str,
    /// What such a URL looks like.
    #[prop(optional)]
    placeholder: &'static str,
    /// What is written there.
    url: RwSignal<String>,
    /// Whether it cannot be changed now.
    fixed: Signal<bool>,
    /// What is wrong with it; empty means nothing.
    wrong: Signal<String>,
) -> impl IntoView {
    view! {
        <Field id label>
            <input
                id=id
                class="code"
                inputmode="url"
                autocomplete="off"
                spellcheck="false"
                placeholder=placeholder
                data-testid=id
                bind:value=url
                readonly=fixed
                aria-invalid=move || if wrong.with(String::is_empty) { "false" } else { "true" }
            />
        </Field>
    }
}
