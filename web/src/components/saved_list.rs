//! Messages that were kept to be sent again.

use leptos::prelude::*;

use crate::{
    model::saved::{self, Saved},
    storage::{Store, key},
};

/// The kept messages, as this page remembers them.
pub fn kept() -> RwSignal<Vec<Saved>> {
    let list = Store::open().read(key::SAVED).map(|json| saved::from_json(&json)).unwrap_or_default();
    RwSignal::new(list)
}

/// Takes another list, also for later visits. Whether the browser keeps it is the caller's to tell.
pub fn keep(list: RwSignal<Vec<Saved>>, change: impl FnOnce(&mut Vec<Saved>)) -> Result<(), String> {
    list.update(change);
    let json = list.with_untracked(|list| saved::to_json(list));
    Store::open().write(key::SAVED, &json).map_err(|error| error.to_string())
}

/// The list: one press writes a message again, another forgets it.
#[component]
pub fn SavedList(
    /// The kept messages.
    list: RwSignal<Vec<Saved>>,
    /// Writes one again.
    write: Callback<Saved>,
) -> impl IntoView {
    view! {
        <Show when=move || list.with(|list| !list.is_empty())>
            <details>
                <summary>"Kept messages"</summary>
                <ul class="kept" data-testid="saved">
                    <For each=move || list.get() key=|one| one.clone() let:one>
                        <One one list write />
                    </For>
                </ul>
            </details>
        </Show>
    }
}

#[component]
fn One(one: Saved, list: RwSignal<Vec<Saved>>, write: Callback<Saved>) -> impl IntoView {
    let (form, written) = (one.form().word(), one.written.clone());
    let (take, gone) = (one.clone(), one);
    // Storage that refuses keeps the old list: what is forgotten here is then back on the next visit.
    let forget = move |_| drop(keep(list, |list| list.retain(|other| *other != gone)));
    view! {
        <li>
            <button type="button" class="small code" data-testid="saved-take" on:click=move |_| write.run(take.clone())>{written.clone()}</button>
            <span class="faint">{form}</span>
            <button type="button" class="small" data-testid="saved-forget" aria-label=["Forget ", &written].concat() on:click=forget>"✕"</button>
        </li>
    }
}
