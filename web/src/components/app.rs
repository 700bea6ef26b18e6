//! The whole page.

use std::time::Duration;

use leptos::prelude::*;

use super::{
    chat_tab::ChatTab,
    doctor_tab::DoctorTab,
    echo_tab::EchoTab,
    inspect_tab::InspectTab,
    notices::{NoticeList, Notices},
    tabs::{Panel, Tab, Tabs},
};
use crate::{
    settings::{self, PolicySetting},
    storage::{StorageError, Store},
};

/// Rings once a second, for ages and countdowns. It only redraws; every deadline is a machine's.
#[derive(Clone, Copy)]
pub struct Tick(pub Trigger);

/// Everything on the page.
#[component]
pub fn App() -> impl IntoView {
    let store = Store::open();
    let notices = Notices::new();
    provide_context(notices);
    let (policy, words) = settings::policy(&store);
    provide_context(PolicySetting(RwSignal::new(policy)));
    if store.is_forbidden() {
        notices.say(StorageError::Forbidden.to_string());
    }
    words.into_iter().for_each(|words| notices.say(words));

    provide_tick();
    let shown = RwSignal::new(Tab::remembered(&store));
    let unread = RwSignal::new(0);
    Effect::new(move || document().set_title(&title(unread.get())));
    view! {
        <div class="app">
            <header class="top">
                <h1 class="brand">
                    <svg viewBox="0 0 32 32" aria-hidden="true">
                        <path
                            d="M2 17h7l3.5-9 6 17 4.5-11 2 3h5"
                            fill="none"
                            stroke="currentColor"
                            stroke-width="2.6"
                            stroke-linecap="round"
                            stroke-linejoin="round"
                        />
                    </svg>
                    "Heartline"
                </h1>
                <Tabs shown unread />
            </header>
            <main>
                <NoticeList />
                <Panel tab=Tab::Chat shown>
                    <ChatTab shown=Signal::derive(move || shown.get() == Tab::Chat) unread />
                </Panel>
                <Panel tab=Tab::Echo shown>
                    <EchoTab />
                </Panel>
                <Panel tab=Tab::Inspect shown>
                    <InspectTab />
                </Panel>
                <Panel tab=Tab::Doctor shown>
                    <DoctorTab />
                </Panel>
            </main>
        </div>
    }
}

/// Gives the components below a clock hand to redraw by.
pub fn provide_tick() {
    let trigger = Trigger::new();
    provide_context(Tick(trigger));
    if let Ok(interval) = set_interval_with_handle(move || trigger.notify(), Duration::from_secs(1)) {
        on_cleanup(move || interval.clear());
    }
}

/// What stands in the browser's own tab.
fn title(unread: usize) -> String {
    match unread {
        0 => "Heartline".to_owned(),
        unread => ["(", &unread.to_string(), ") Heartline"].concat(),
    }
}
