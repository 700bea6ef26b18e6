//! A field that takes a file from the reader's machine.

use leptos::{html::Input, prelude::*};
use web_sys::File;

use super::field::Field;

/// A labelled button that opens the browser's own dialogue. Nothing leaves the page by it.
#[component]
pub fn FileField(
    /// The control's `id`, and the hook for tests.
    id: &'static str,
    /// The label's words.
    label: &'static str,
    /// What to do with what was chosen.
    on_file: Callback<File>,
) -> impl IntoView {
    let input = NodeRef::<Input>::new();
    let chosen = move |_| {
        let Some(input) = input.get_untracked() else { return };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            on_file.run(file);
        }
        // Or the same file could not be chosen again.
        input.set_value("");
    };
    view! {
        <Field id label>
            <input id=id type="file" data-testid=id node_ref=input on:change=chosen />
        </Field>
    }
}
