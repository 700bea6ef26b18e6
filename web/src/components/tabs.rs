//! The tabs: buttons, arrow keys, and the panels they belong to.

use leptos::{html::Button, prelude::*};

use crate::storage::{Store, key};

/// Which tab is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Rooms.
    Chat,
    /// Any WebSocket server.
    Echo,
    /// Any line, frame by frame.
    Inspect,
    /// Who cuts the line.
    Doctor,
}

impl Tab {
    const ALL: [Self; 4] = [Self::Chat, Self::Echo, Self::Inspect, Self::Doctor];

    /// The tab last shown, or the first.
    pub fn remembered(store: &Store) -> Self {
        let word = store.read(key::TAB);
        Self::ALL.into_iter().find(|tab| Some(tab.word()) == word.as_deref()).unwrap_or(Self::Chat)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Echo => "echo",
            Self::Inspect => "inspect",
            Self::Doctor => "doctor",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Chat => "Chat",
            Self::Echo => "Echo",
            Self::Inspect => "Inspector",
            Self::Doctor => "Doctor",
        }
    }

    /// Where a key leads from here; behind the last tab is the first.
    fn neighbour(self, key: &str) -> Option<Self> {
        let count = Self::ALL.len();
        let at = Self::ALL.iter().position(|tab| *tab == self).unwrap_or_default();
        let to = match key {
            "ArrowLeft" => (at + count - 1) % count,
            "ArrowRight" => (at + 1) % count,
            "Home" => 0,
            "End" => count - 1,
            _ => return None,
        };
        Some(Self::ALL[to])
    }
}

/// The row of tabs. Only the selected one is in the tab order; arrow keys, Home and End move between them.
#[component]
pub fn Tabs(
    /// The tab shown.
    shown: RwSignal<Tab>,
    /// How many messages nobody looked at.
    unread: RwSignal<usize>,
) -> impl IntoView {
    let news = move || {
        let count = |unread| view! { <span class="news">{unread}<span class="unseen">" new"</span></span> };
        Some(unread.get()).filter(|unread| *unread > 0).map(count)
    };
    let buttons = Tab::ALL.map(|tab| (tab, NodeRef::<Button>::new()));
    let show = move |tab: Tab| {
        shown.set(tab);
        // Only a convenience: where storage is forbidden, the page said so already.
        let _ = Store::open().write(key::TAB, tab.word());
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let Some(next) = shown.get_untracked().neighbour(&event.key()) else { return };
        event.prevent_default();
        show(next);
        if let Some(button) =
            buttons.iter().find(|(tab, _)| *tab == next).and_then(|(_, button)| button.get_untracked())
        {
            let _ = button.focus();
        }
    };
    view! {
        <div role="tablist" aria-label="What to do" class="tabs" data-testid="tabs" on:keydown=on_key>
            {buttons
                .map(|(tab, button)| {
                    let selected = move || shown.get() == tab;
                    view! {
                        <button
                            type="button"
                            role="tab"
                            class="tab"
                            node_ref=button
                            id=["tab-", tab.word()].concat()
                            data-testid=["tab-", tab.word()].concat()
                            aria-controls=["panel-", tab.word()].concat()
                            aria-selected=move || if selected() { "true" } else { "false" }
                            tabindex=move || if selected() { "0" } else { "-1" }
                            on:click=move |_| show(tab)
                        >
                            {tab.label()}
                            {(tab == Tab::Chat).then_some(news)}
                        </button>
                    }
                })
                .collect_view()}
        </div>
    }
}

/// What a tab shows. It stays where it is while hidden: its line lives on.
#[component]
pub fn Panel(
    /// Whose panel it is.
    tab: Tab,
    /// The tab shown.
    shown: RwSignal<Tab>,
    /// What is in it.
    children: Children,
) -> impl IntoView {
    view! {
        <section
            role="tabpanel"
            class="panel"
            id=["panel-", tab.word()].concat()
            data-testid=["panel-", tab.word()].concat()
            aria-labelledby=["tab-", tab.word()].concat()
            hidden=move || shown.get() != tab
        >
            {children()}
        </section>
    }
}
