//! Where to connect to, and how.

use heartline_core::line::Proof;
use leptos::prelude::*;

use super::{
    begin_end::BeginEnd,
    field::{Complaint, Field},
    policy_panel::PolicyPanel,
    url_field::UrlField,
};
use crate::{
    model::address::{self, AddressError},
    page::origin,
    session::echo::{Choice, EchoSession},
    settings::PolicySetting,
};

/// The URL, checked before it is dialled, and under it what is rarely needed.
#[component]
pub fn EchoForm(
    /// The line to connect.
    session: EchoSession,
) -> impl IntoView {
    let PolicySetting(policy) = expect_context();
    let origin = StoredValue::new(origin());
    let url = RwSignal::new(origin.with_value(|origin| origin.own("/echo")));
    let subprotocol = RwSignal::new(String::new());
    let (beat, answer) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let problem = RwSignal::new(None::<AddressError>);

    let connect = move || {
        let checked = origin.with_value(|origin| address::check(&url.get_untracked(), origin));
        let Ok(address) = checked.map_err(|error| problem.set(Some(error))) else { return };
        problem.set(None);
        let choice = Choice {
            address,
            subprotocols: names(&subprotocol.get_untracked()),
            proof: proof(beat.get_untracked(), answer.get_untracked()),
            policy: policy.get_untracked(),
        };
        // It fails only in a browser without a window, where nobody could have pressed the button.
        let _ = session.connect(choice);
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if session.wanted.get_untracked() { session.disconnect() } else { connect() }
    };
    let words = Signal::derive(move || {
        problem.with(|problem| problem.as_ref().map(ToString::to_string).unwrap_or_default())
    });
    let suggestion = move || {
        problem.with(|problem| problem.as_ref().and_then(AddressError::suggestion).map(ToOwned::to_owned))
    };
    view! {
        <form class="card" on:submit=submit novalidate=true>
            <div class="row url">
                <UrlField id="echo-url" label="WebSocket URL" url fixed=session.wanted.into() wrong=words />
                <BeginEnd
                    begun=session.wanted.into()
                    begin=("echo-connect", "Connect")
                    end=("echo-disconnect", "Disconnect")
                />
            </div>
            <Complaint testid="echo-complaint" words>
                {move || suggestion().map(|better| {
                    let take = better.clone();
                    view! {
                        <button type="button" class="small" data-testid="echo-suggestion" on:click=move |_| {
                            url.set(take.clone());
                            problem.set(None);
                        }>{["Use ", &better].concat()}</button>
                    }
                })}
            </Complaint>
            <details>
                <summary>"Subprotocol, proof of life, policy"</summary>
                <div class="settings">
                    <Field id="echo-subprotocol" label="Subprotocols to offer, with commas between; none is the rule">
                        <input id="echo-subprotocol" class="code" data-testid="echo-subprotocol" autocomplete="off" bind:value=subprotocol />
                    </Field>
                    <div class="row pair">
                        <Field id="echo-beat" label="Text to send as a heartbeat, if the server answers one">
                            <input id="echo-beat" class="code" data-testid="echo-beat" autocomplete="off" bind:value=beat />
                        </Field>
                        <Field id="echo-answer" label="Its answer, to the letter; empty: the same text">
                            <input id="echo-answer" class="code" data-testid="echo-answer" autocomplete="off" bind:value=answer />
                        </Field>
                    </div>
                    <PolicyPanel preset_id="echo-policy-preset" json_id="echo-policy-json" />
                </div>
            </details>
            <details>
                <summary>"What a page cannot see"</summary>
                <p class="faint">
                    "A browser tells a page the subprotocol and the messages, and when a line ends its code and reason. It does not tell the status and the header fields of the handshake, ping and pong frames, how messages are cut into frames, or why a dial failed; and it sends no header fields that a page chooses. "
                    <code>"heartline connect --trace URL"</code>
                    " shows all of that, and the Inspector for any client."
                </p>
            </details>
        </form>
    }
}

fn names(written: &str) -> Vec<String> {
    written.split(',').map(str::trim).filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
}

fn proof(send: String, expect: String) -> Proof {
    match (send.is_empty(), expect.is_empty()) {
        (true, _) => Proof::Auto,
        (false, true) => Proof::Text { expect: send.clone(), send },
        (false, false) => Proof::Text { send, expect },
    }
}
