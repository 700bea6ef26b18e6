//! The Chat tab: a room, as a timeline or as a stage, who is in it, and whether the line to it lives.

use leptos::prelude::*;

use super::{
    badge::Badge,
    composer::Composer,
    join_form::JoinForm,
    line_panel::LinePanel,
    members::Members,
    stage_bar::{StageBar, ViewSwitch},
    stage_view::StageView,
    timeline::Timeline,
};
use crate::session::chat::ChatSession;

/// Form, badge, timeline, composer and members.
#[component]
pub fn ChatTab() -> impl IntoView {
    let session = ChatSession::new();
    let stage = session.stage;
    let draft = RwSignal::new(String::new());
    view! {
        <JoinForm session />
        <Badge shown=session.badge on_now=Callback::new(move |()| session.dial_now()) />
        <LinePanel shown=session.line waiting=session.waiting />
        <div class="columns chat">
            <section class="card" aria-labelledby="chat-talk">
                <div class="card-head">
                    <h2 id="chat-talk">{move || session.room.get().unwrap_or_else(|| "No room yet".to_owned())}</h2>
                    <ViewSwitch stage />
                </div>
                <Show when=move || stage.shown.get() fallback=move || view! { <Timeline session draft /> }>
                    <StageView stage />
                    <StageBar stage />
                </Show>
                <p class="faint quiet" role="status" data-testid="chat-note">{session.note}</p>
                <Composer session draft />
            </section>
            <Members present=session.present />
        </div>
    }
}
