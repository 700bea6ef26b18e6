//! The Chat tab: a room, as a timeline or as a stage, who is in it, and whether the line to it lives.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::{
    badge::Badge,
    composer::Composer,
    join_form::JoinForm,
    line_panel::LinePanel,
    members::Members,
    room_list::RoomList,
    stage_bar::{StageBar, ViewSwitch},
    stage_view::StageView,
    timeline::Timeline,
};
use crate::session::chat::ChatSession;

/// Form, badge, timeline, composer and members.
#[component]
pub fn ChatTab(
    /// Whether it is the tab that is shown.
    shown: Signal<bool>,
    /// How many messages nobody looked at.
    unread: RwSignal<usize>,
) -> impl IntoView {
    let session = ChatSession::new();
    let stage = session.stage;
    let draft = drafts(session);
    let inside = Memo::new(move |_| session.room.with(Option::is_some));
    let in_sight = in_sight();
    Effect::new(move || session.look(shown.get() && in_sight.get()));
    Effect::new(move || unread.set(session.rooms.with(|rooms| rooms.iter().map(|room| room.unread).sum())));
    view! {
        <JoinForm session />
        <Badge shown=session.badge on_now=Callback::new(move |()| session.dial_now()) />
        <LinePanel shown=session.line waiting=session.waiting harm=Callback::new(move |harm| session.harm(harm)) />
        <div class="columns chat">
            <section class="card" aria-labelledby="chat-talk">
                <Show when=move || inside.get()>
                    <RoomList session />
                </Show>
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
            <Members session />
        </div>
    }
}

/// What is being written, which each room keeps to itself while another is shown.
fn drafts(session: ChatSession) -> RwSignal<String> {
    let draft = RwSignal::new(String::new());
    let kept = StoredValue::new(BTreeMap::<String, String>::new());
    Effect::new(move |before: Option<Option<String>>| {
        let room = session.room.get();
        // From no room to one, what is written goes along.
        if let Some(Some(before)) = before
            && Some(&before) != room.as_ref()
        {
            kept.update_value(|kept| {
                kept.insert(before, draft.get_untracked());
                if let Some(room) = &room {
                    draft.set(kept.remove(room).unwrap_or_default());
                }
            });
        }
        room
    });
    draft
}

/// Whether the page is in sight.
fn in_sight() -> RwSignal<bool> {
    let in_sight = RwSignal::new(!document().hidden());
    let on_change = window_event_listener(leptos::ev::visibilitychange, move |_| {
        in_sight.set(!document().hidden());
    });
    on_cleanup(move || on_change.remove());
    in_sight
}
