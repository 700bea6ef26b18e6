//! Who you are and where you go.

use leptos::{prelude::*, task::spawn_local};

use super::{
    begin_end::BeginEnd,
    field::{Complaint, Field},
    notices::Notices,
    policy_panel::PolicyPanel,
};
use crate::{page::linked_room, session::chat::ChatSession, settings::PolicySetting};

/// Name, room, a token where the server asks for one, and the button that joins or leaves.
#[component]
pub fn JoinForm(
    /// The chat.
    session: ChatSession,
) -> impl IntoView {
    let PolicySetting(policy) = expect_context();
    let complaint = session.complaint;
    let inside = Memo::new(move |_| session.room.with(Option::is_some));

    if let Ok(address) = ChatSession::address() {
        let (policy, name) = (policy.get_untracked(), session.name_field.get_untracked());
        spawn_local(async move { session.deliver(address, policy, &name).await });
    }
    let enter = enter(session);
    let on_link = window_event_listener(leptos::ev::hashchange, move |_| {
        let Some(linked) = linked_room() else { return };
        session.room_field.set(linked);
        if inside.get_untracked() {
            enter.run(());
        }
    });
    on_cleanup(move || on_link.remove());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if inside.get_untracked() { session.leave_all() } else { enter.run(()) }
    };
    view! {
        <form class="card" on:submit=submit>
            <div class="row join">
                <Field id="chat-name" label="Your name">
                    <input id="chat-name" data-testid="chat-name" autocomplete="nickname" bind:value=session.name_field readonly=inside />
                </Field>
                <Field id="chat-room" label="Room">
                    <input id="chat-room" data-testid="chat-room" autocomplete="off" bind:value=session.room_field readonly=inside />
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

/// Goes where the form says, and tells what there is to tell.
pub fn enter(session: ChatSession) -> Callback<()> {
    let PolicySetting(policy) = expect_context();
    let notices = expect_context::<Notices>();
    Callback::new(move |()| {
        spawn_local(async move {
            let entered = session.enter_as_written(policy.get_untracked()).await;
            let (words, complaint) = match entered {
                Ok(words) => (words, String::new()),
                Err(complaint) => (Vec::new(), complaint),
            };
            words.into_iter().for_each(|words| notices.say(words));
            // The page may be gone by now.
            session.complaint.try_set(complaint);
        });
    })
}
