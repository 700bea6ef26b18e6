//! A labelled control, and what is wrong with what was written into it.

use leptos::prelude::*;

/// A label above its control.
#[component]
pub fn Field(
    /// The control's `id`.
    id: &'static str,
    /// The label's words.
    label: &'static str,
    /// The control.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {children()}
        </div>
    }
}

/// Words about bad input, read out when they appear.
#[component]
pub fn Complaint(
    /// The hook for tests.
    testid: &'static str,
    /// The words; empty means all is well.
    words: Signal<String>,
    /// A button or so beside the words.
    #[prop(optional)]
    children: Option<ChildrenFn>,
) -> impl IntoView {
    view! {
        <div role="alert" class="quiet" data-testid=testid>
            <Show when=move || words.with(|words| !words.is_empty())>
                <p class="complaint">
                    <span>{words}</span>
                    {children.as_ref().map(|children| children())}
                </p>
            </Show>
        </div>
    }
}
