//! The Chat tab: a room, who is in it, and whether the line to it lives.

use leptos::prelude::*;

use super::{badge::Badge, composer::Composer, join_form::JoinForm, members::Members, timeline::Timeline};
use crate::session::chat::ChatSession;

/// Form, badge, timeline, composer and members.
#[component]
pub fn ChatTab() -> impl IntoView {
    let session = ChatSession::new();
    let draft = RwSignal::new(String::new());
    view! {
        <JoinForm session />
        <Badge shown=session.badge on_now=Callback::new(move |()| session.dial_now()) />
        <div class="columns chat">
            <section class="card" aria-labelledby="chat-talk">
                <h2 id="chat-talk">{move || session.room.get().unwrap_or_else(|| "No room yet".to_owned())}</h2>
                <Timeline session draft />
                <p class="faint quiet" role="status" data-testid="chat-note">{session.note}</p>
                <Composer session draft />
            </section>
            <Members present=session.present />
        </div>
    }
}
