//! Where the relay tells what it sees.

use leptos::prelude::*;

use super::{begin_end::BeginEnd, field::Complaint, url_field::UrlField};
use crate::{model::address, page::origin, session::inspect::InspectSession};

/// The feed's address, checked before it is dialled.
#[component]
pub fn InspectForm(
    /// The feed to read.
    session: InspectSession,
) -> impl IntoView {
    let origin = StoredValue::new(origin());
    let url = RwSignal::new(String::new());
    let problem = RwSignal::new(String::new());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if session.wanted.get_untracked() {
            return session.disconnect();
        }
        match origin.with_value(|origin| address::check(&url.get_untracked(), origin)) {
            Ok(address) => {
                problem.set(String::new());
                // It fails only in a browser without a window, where nobody could have pressed the button.
                let _ = session.connect(address);
            }
            Err(why) => problem.set(why.to_string()),
        }
    };
    view! {
        <form class="card" on:submit=submit novalidate=true>
            <div class="row url">
                <UrlField
                    id="inspect-url"
                    label="Feed of a relay"
                    placeholder="ws://127.0.0.1:8900/inspect?token=…"
                    url
                    fixed=session.wanted.into()
                    wrong=problem.into()
                />
                <BeginEnd
                    begun=session.wanted.into()
                    begin=("inspect-connect", "Read")
                    end=("inspect-disconnect", "Stop")
                />
            </div>
            <Complaint testid="inspect-complaint" words=problem.into() />
        </form>
    }
}
