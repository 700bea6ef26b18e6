//! What went over an echo line.

use leptos::{html::Div, prelude::*};

use crate::model::log::{Entry, Kind};

/// The log, newest at the bottom and in view.
#[component]
pub fn LogView(
    /// Its lines, oldest first.
    entries: RwSignal<Vec<Entry>>,
) -> impl IntoView {
    let list = NodeRef::<Div>::new();
    let end = super::follow::follow_end(list, move || {
        entries.with(|entries| entries.last().map(|entry| entry.key))
    });
    view! {
        <div
            class="scroll"
            node_ref=list
            on:scroll=move |_| end.on_scroll()
            tabindex="0"
            role="log"
            aria-label="Log"
            data-testid="echo-log"
        >
            <ol>
                <Show when=move || entries.with(Vec::is_empty)>
                    <li class="empty">"What you send and what comes back stands here."</li>
                </Show>
                <For each=move || entries.get() key=|entry| entry.key let:entry>
                    <Line entry />
                </For>
            </ol>
        </div>
    }
}

#[component]
fn Line(entry: Entry) -> impl IntoView {
    let (word, arrow, label) = match entry.kind {
        Kind::In => ("in", "←", "received"),
        Kind::Out => ("out", "→", "sent"),
        Kind::Note => ("note", "·", "note"),
    };
    view! {
        <li class=["log-line ", word].concat() data-testid="log-line" data-kind=word>
            <span class="time">{entry.time}</span>
            <span class="arrow" role="img" aria-label=label>{arrow}</span>
            <span class="log-text code">{entry.text}</span>
            <span class="aside">{entry.aside}</span>
        </li>
    }
}
