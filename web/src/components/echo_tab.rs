//! The Echo tab: talk to any WebSocket server and see what comes back.

use leptos::prelude::*;

use super::{
    badge::Badge, echo_composer::EchoComposer, echo_form::EchoForm, line_panel::LinePanel, log_view::LogView,
    probe_panel::ProbePanel,
};
use crate::session::echo::EchoSession;

/// URL, badge, log and probes.
#[component]
pub fn EchoTab() -> impl IntoView {
    let session = EchoSession::new();
    view! {
        <EchoForm session />
        <Badge shown=session.badge on_now=Callback::new(move |()| session.dial_now()) />
        <LinePanel shown=session.line waiting=session.waiting />
        <div class="columns echo">
            <section class="card" aria-labelledby="echo-talk">
                <h2 id="echo-talk">"Messages"</h2>
                <LogView entries=session.entries />
                <EchoComposer session />
            </section>
            <ProbePanel session />
        </div>
    }
}
