//! The rooms that are open: which is shown, what is new in the others, and a way to one more.

use leptos::prelude::*;

use super::{field::Field, join_form::enter};
use crate::{model::reading::OpenRoom, session::chat::ChatSession};

/// A button for each room, and a field for another.
#[component]
pub fn RoomList(
    /// The chat.
    session: ChatSession,
) -> impl IntoView {
    let another = RwSignal::new(String::new());
    let enter = enter(session);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        session.room_field.set(another.get_untracked());
        another.set(String::new());
        enter.run(());
    };
    view! {
        <nav class="rooms" aria-label="Rooms" data-testid="rooms">
            <ul>
                <For each=move || session.rooms.get() key=|room| room.name.clone() let:room>
                    <Room session name=room.name />
                </For>
            </ul>
            <form class="another" on:submit=submit>
                <Field id="chat-another" label="Another room">
                    <input id="chat-another" data-testid="chat-another" autocomplete="off" enterkeyhint="go" bind:value=another />
                </Field>
                <button class="small" data-testid="chat-open" disabled=move || another.with(|name| name.trim().is_empty())>"Open"</button>
            </form>
        </nav>
    }
}

#[component]
fn Room(session: ChatSession, name: String) -> impl IntoView {
    // The button stays the same element, and keeps the focus, whatever comes.
    let news = {
        let name = name.clone();
        let of_it = move |rooms: &Vec<OpenRoom>| {
            let room = rooms.iter().find(|room| room.name == name)?;
            (room.unread > 0).then_some((room.unread, room.for_you))
        };
        Memo::new(move |_| session.rooms.with(&of_it))
    };
    let is_shown = {
        let name = name.clone();
        move || session.room.with(|shown| shown.as_deref() == Some(&name))
    };
    let go = {
        let name = name.clone();
        move |_| session.go_to(&name)
    };
    let news = move || {
        news.get().map(|(unread, for_you)| {
            view! {
                <span class="news" class:for-you=for_you data-testid="unread">
                    {unread}
                    <span class="unseen">{if for_you { " new, and you are named" } else { " new" }}</span>
                </span>
            }
        })
    };
    view! {
        <li>
            <button
                type="button"
                class="small"
                data-testid="room"
                aria-current=move || is_shown().then_some("true")
                on:click=go
            >
                <span dir="auto">{name}</span>
                {news}
            </button>
        </li>
    }
}
