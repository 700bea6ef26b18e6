//! The policy: a preset, or numbers of one's own. What cannot work is refused with the core's words.

use heartline_core::policy::Policy;
use leptos::prelude::*;

use super::{
    field::{Complaint, Field},
    notices::Notices,
};
use crate::{
    settings::{self, PolicySetting},
    storage::Store,
};

const OWN: &str = "own";

/// Chooses the policy of the next line.
#[component]
pub fn PolicyPanel(
    /// Keeps the ids of two panels apart.
    preset_id: &'static str,
    /// As above.
    json_id: &'static str,
) -> impl IntoView {
    let PolicySetting(policy) = expect_context();
    let notices = expect_context::<Notices>();
    let written = RwSignal::new(policy.with_untracked(Policy::to_json));
    let complaint = RwSignal::new(String::new());
    Effect::new(move || written.set(policy.with(Policy::to_json)));

    let set = move |chosen: Policy| {
        complaint.set(String::new());
        if let Err(error) = settings::remember(&Store::open(), &chosen) {
            notices.say(error.to_string());
        }
        policy.set(chosen);
    };
    let choose = move |event| {
        if let Some(preset) = Policy::preset(&event_target_value(&event)) {
            set(preset);
        }
    };
    let set_own = move |_| match Policy::from_json(&written.get_untracked()) {
        Ok(own) => set(own),
        Err(error) => complaint.set(error.to_string()),
    };
    let chosen = move || policy.with(settings::preset_of).unwrap_or(OWN);
    view! {
        <div class="settings" data-testid="policy">
            <Field id=preset_id label="Policy: when to beat, when to give up, when to dial again">
                <select id=preset_id data-testid="policy-preset" prop:value=chosen on:change=choose>
                    {Policy::PRESETS
                        .iter()
                        .map(|(name, purpose)| view! { <option value=*name>{[name, ": ", purpose].concat()}</option> })
                        .collect_view()}
                    <option value=OWN disabled=true>"numbers of your own, below"</option>
                </select>
            </Field>
            <Field id=json_id label="As JSON, times in milliseconds; what is left out has its default">
                <textarea
                    id=json_id
                    class="code"
                    rows="8"
                    spellcheck="false"
                    data-testid="policy-json"
                    bind:value=written
                    aria-invalid=move || if complaint.with(String::is_empty) { "false" } else { "true" }
                ></textarea>
            </Field>
            <Complaint testid="policy-complaint" words=complaint.into() />
            <div class="card-head">
                <p class="faint">"In force from the next connection on."</p>
                <button type="button" data-testid="policy-set" on:click=set_own>
                    "Set these numbers"
                </button>
            </div>
        </div>
    }
}
