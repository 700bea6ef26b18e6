//! The Echo tab: talk to any WebSocket server and see what comes back.

use heartline_core::line::Message;
use leptos::prelude::*;

use super::{
    badge::Badge, echo_composer::EchoComposer, echo_form::EchoForm, line_panel::LinePanel, log_bar::LogBar,
    log_detail::LogDetail, log_view::LogView, probe_panel::ProbePanel,
};
use crate::{
    model::payload::{self, Form},
    session::echo::EchoSession,
};

/// URL, badge, log and probes.
#[component]
pub fn EchoTab() -> impl IntoView {
    let session = EchoSession::new();
    let (form, written) = (RwSignal::new(Form::Text), RwSignal::new(String::new()));
    let write = Callback::new(move |message: Message| {
        let (as_form, text) = payload::write(&message);
        form.set(as_form);
        written.set(text);
    });
    view! {
        <EchoForm session />
        <Badge shown=session.badge on_now=Callback::new(move |()| session.dial_now()) />
        <LinePanel shown=session.line waiting=session.waiting harm=Callback::new(move |harm| session.harm(harm)) />
        <div class="columns echo">
            <section class="card" aria-labelledby="echo-talk">
                <h2 id="echo-talk">"Messages"</h2>
                <LogBar session />
                <LogView session />
                <LogDetail session write />
                <EchoComposer session form written />
            </section>
            <ProbePanel session />
        </div>
    }
}
