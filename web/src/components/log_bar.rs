//! What of the log to show, and what to do with it.

use leptos::prelude::*;

use super::field::Field;
use crate::{
    model::log::{Filter, Kind},
    page::save,
    session::echo::EchoSession,
};

/// A filter by kind and by words; buttons to save and to clear.
#[component]
pub fn LogBar(
    /// The line the log is of.
    session: EchoSession,
) -> impl IntoView {
    let kind = RwSignal::new(None::<Kind>);
    let words = RwSignal::new(String::new());
    Effect::new(move || session.ask(Filter { kind: kind.get(), words: words.get() }));
    let choose = move |event| {
        let word = event_target_value(&event);
        kind.set(Kind::ALL.into_iter().find(|kind| kind.word() == word));
    };
    view! {
        <div class="row log-bar">
            <Field id="log-kind" label="Show">
                <select id="log-kind" data-testid="log-kind" on:change=choose>
                    <option value="all">"all"</option>
                    <option value="in">"received"</option>
                    <option value="out">"sent"</option>
                    <option value="note">"notes"</option>
                </select>
            </Field>
            <Field id="log-words" label="Only what contains">
                <input id="log-words" type="search" autocomplete="off" data-testid="log-words" bind:value=words />
            </Field>
            <div class="row-end">
            <span class="faint" data-testid="log-count">{move || session.logged.get()} " lines"</span>
            <button type="button" class="small" data-testid="log-save" on:click=move |_| save("heartline-log.jsonl", &session.as_lines())>"Download"</button>
            <button type="button" class="small" data-testid="log-clear" on:click=move |_| session.clear()>"Clear"</button>
            </div>
        </div>
    }
}
