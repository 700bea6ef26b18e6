//! What was said in a room, where something may be missing, and what is on its way.

use leptos::{html::Div, prelude::*};

use super::{entry::Entry, follow::follow_end};
use crate::session::chat::ChatSession;

/// The list, newest at the bottom and in view.
#[component]
pub fn Timeline(
    /// The chat.
    session: ChatSession,
    /// Where a message goes that its writer takes back.
    draft: RwSignal<String>,
) -> impl IntoView {
    let list = NodeRef::<Div>::new();
    let items = session.items;
    let end = follow_end(list, move || items.with(|items| items.last().map(|item| item.key.clone())));
    // It fails only where a page is on its way already, or the line just went: the button is there to be pressed again.
    let load_older = move |_| {
        let _ = session.load_older();
    };
    let take_back = Callback::new(move |(id, text): (u64, String)| {
        session.dismiss(id);
        draft.set(text);
    });
    view! {
        <div class="timeline">
            <div
                class="scroll"
                node_ref=list
                on:scroll=move |_| end.on_scroll()
                tabindex="0"
                role="log"
                aria-label="Timeline"
                data-testid="timeline"
            >
                <ol>
                    <Show when=move || session.has_older.get()>
                        <li class="older">
                            <button type="button" class="small" data-testid="load-older" on:click=load_older>"Load older messages"</button>
                        </li>
                    </Show>
                    <Show when=move || items.with(Vec::is_empty)>
                        <li class="empty">
                            {move || if session.room.with(Option::is_some) { "Nothing was said here yet." } else { "Choose a name and join a room." }}
                        </li>
                    </Show>
                    <For each=move || items.get() key=|item| item.key.clone() let:item>
                        <Entry item take_back />
                    </For>
                </ol>
            </div>
            <Show when=move || end.is_missed.get()>
                <button type="button" class="small jump" data-testid="jump" on:click=move |_| end.jump()>"↓ New messages"</button>
            </Show>
        </div>
    }
}
