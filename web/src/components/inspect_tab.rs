//! The Inspector tab: what passes through a relay, frame by frame.

use leptos::prelude::*;

use super::{
    badge::Badge, fault_bar::FaultBar, frame_detail::FrameDetail, frame_table::FrameTable,
    inspect_form::InspectForm,
};
use crate::session::inspect::InspectSession;

/// Where the relay is, its lines, their frames, and one of them in detail.
#[component]
pub fn InspectTab() -> impl IntoView {
    let session = InspectSession::new();
    view! {
        <InspectForm session />
        <Show when=move || session.wanted.get() fallback=|| view! { <Hint /> }>
            <Badge shown=session.badge on_now=Callback::new(move |()| session.dial_now()) />
        </Show>
        <Show when=move || session.to.with(|to| !to.is_empty())>
            <FaultBar session />
            <div class="columns inspect">
                <FrameTable session />
                <FrameDetail session />
            </div>
        </Show>
    }
}

/// How to come to a feed.
#[component]
fn Hint() -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="inspect-hint" data-testid="inspect-hint">
            <h2 id="inspect-hint">"See every frame"</h2>
            <p>
                "A page sees messages only. A relay between a client and a server sees all that passes, and tells it here. Start one in a terminal, with your server's address:"
            </p>
            <pre class="code">"heartline relay --listen 8900 --to wss://example.com/socket"</pre>
            <p>
                "It prints the address of its feed, " <span class="code">"ws://127.0.0.1:8900/inspect?token=…"</span>
                ": paste it above. Then connect your client to " <span class="code">"ws://127.0.0.1:8900"</span>
                " in place of the server."
            </p>
        </section>
    }
}
