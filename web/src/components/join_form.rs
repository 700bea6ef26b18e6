//! Who you are and where you go.

use heartline_core::{
    chat::{check_member_name, check_room_name},
    wire::BearerToken,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    begin_end::BeginEnd,
    field::{Complaint, Field},
    notices::Notices,
    policy_panel::PolicyPanel,
};
use crate::{
    model::address,
    page::{link_room, linked_room, origin},
    session::chat::ChatSession,
    settings::PolicySetting,
    storage::{Store, key},
};

/// Name, room, a token where the server asks for one, and the button that joins or leaves.
#[component]
pub fn JoinForm(
    /// The chat.
    session: ChatSession,
) -> impl IntoView {
    let PolicySetting(policy) = expect_context();
    let notices = expect_context::<Notices>();
    let store = Store::open();
    let name = RwSignal::new(store.read(key::NAME).unwrap_or_default());
    let remembered = || store.read(key::ROOM).unwrap_or_else(|| "lobby".to_owned());
    let room = RwSignal::new(linked_room().unwrap_or_else(remembered));
    let complaint = RwSignal::new(String::new());
    let inside = Memo::new(move |_| session.room.with(Option::is_some));

    let on_link = window_event_listener(leptos::ev::hashchange, move |_| {
        if let Some(linked) = linked_room().filter(|_| !inside.get_untracked()) {
            room.set(linked);
        }
    });
    on_cleanup(move || on_link.remove());

    let address = || {
        let origin = origin();
        address::check(&origin.own("/chat"), &origin)
    };
    if let Ok(address) = address() {
        let (policy, name) = (policy.get_untracked(), name.get_untracked());
        spawn_local(async move { session.deliver(address, policy, &name).await });
    }

    let join = move || async move {
        let (name, room) = (name.get_untracked().trim().to_owned(), room.get_untracked().trim().to_owned());
        check_member_name(&name)
            .map_err(|fault| ["this cannot be your name: ", &fault.to_string()].concat())?;
        check_room_name(&room).map_err(|fault| ["this cannot be a room: ", &fault.to_string()].concat())?;
        if let typed = session.token.get_untracked()
            && !typed.trim().is_empty()
        {
            BearerToken::parse(&typed)
                .map_err(|fault| ["this cannot be your token: ", &fault.to_string()].concat())?;
        }
        let address = address().map_err(|error| error.to_string())?;
        let entered = session.enter(address, policy.get_untracked(), &name, &room).await;
        if let Some(words) = entered.map_err(|error| error.to_string())? {
            notices.say(words);
        }
        link_room(&room);
        let store = Store::open();
        if let Err(error) = store.write(key::NAME, &name).and_then(|()| store.write(key::ROOM, &room)) {
            notices.say(error.to_string());
        }
        Ok(())
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if inside.get_untracked() {
            session.leave();
        } else {
            spawn_local(async move {
                let outcome: Result<(), String> = join().await;
                // The page may be gone by now.
                complaint.try_set(outcome.err().unwrap_or_default());
            });
        }
    };
    view! {
        <form class="card" on:submit=submit>
            <div class="row join">
                <Field id="chat-name" label="Your name">
                    <input id="chat-name" data-testid="chat-name" autocomplete="nickname" bind:value=name readonly=inside />
                </Field>
                <Field id="chat-room" label="Room">
                    <input id="chat-room" data-testid="chat-room" autocomplete="off" bind:value=room readonly=inside />
                </Field>
                <Field id="chat-token" label="Token, if asked for">
                    <input
                        id="chat-token"
                        type="password"
                        data-testid="chat-token"
                        autocomplete="off"
                        spellcheck="false"
                        bind:value=session.token
                        readonly=inside
                    />
                </Field>
                <BeginEnd begun=inside.into() begin=("chat-join", "Join") end=("chat-leave", "Leave") />
            </div>
            <Complaint testid="chat-complaint" words=complaint.into() />
            <details>
                <summary>"Policy"</summary>
                <PolicyPanel preset_id="chat-policy-preset" json_id="chat-policy-json" />
            </details>
        </form>
    }
}
