//! Who is in the room.

use leptos::prelude::*;

use super::notify_switch::NotifySwitch;
use crate::session::chat::ChatSession;

/// Those known by name, and how many there are in all.
#[component]
pub fn Members(
    /// The chat.
    session: ChatSession,
) -> impl IntoView {
    let present = session.present;
    let unnamed = move || present.with(|present| present.total.saturating_sub(present.named.len() as u64));
    view! {
        <section class="card" aria-labelledby="chat-members">
            <div class="card-head">
                <h2 id="chat-members">"Here"</h2>
                <span class="faint" data-testid="members-total">{move || present.with(|present| (present.total > 0).then_some(present.total))}</span>
            </div>
            <ul class="members" data-testid="members">
                <For
                    each=move || present.with(|present| present.named.clone())
                    key=|member| member.clone()
                    let((_, name, own))
                >
                    <li>
                        <span dir="auto">{name}</span>
                        {own.then(|| view! { <span class="faint">" (you)"</span> })}
                    </li>
                </For>
            </ul>
            <Show when=move || { unnamed() > 0 }>
                <p class="faint">{move || ["and ", &unnamed().to_string(), " more"].concat()}</p>
            </Show>
            <NotifySwitch session />
        </section>
    }
}
