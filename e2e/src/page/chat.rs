use super::{Badge, Page, hook};
use crate::wait;

const PANEL: &str = "panel-chat";

/// The Chat tab.
#[derive(Debug, Clone, Copy)]
pub struct Chat<'a> {
    pub(super) page: &'a Page,
}

/// An entry of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, once it has one.
    pub seq: Option<u64>,
    /// `said`, `queued`, `sent`, `accepted`, `held`, `rejected` or `gap`.
    pub mark: String,
    /// Who said it.
    pub name: String,
    /// The words.
    pub text: String,
}

impl<'a> Chat<'a> {
    /// Turns to this tab.
    pub async fn show(&self) {
        self.page.click("[data-testid='tab-chat']").await;
    }

    /// Its badge.
    pub fn badge(&self) -> Badge<'a> {
        Badge { page: self.page, panel: PANEL }
    }

    /// Joins a room and waits until others could see us there.
    pub async fn join(&self, name: &str, room: &str) {
        self.ask_in(name, room).await;
        self.wait_member(name).await;
    }

    /// Asks to be let into a room.
    pub async fn ask_in(&self, name: &str, room: &str) {
        self.page.write(&hook(PANEL, "chat-name"), name).await;
        self.page.write(&hook(PANEL, "chat-room"), room).await;
        self.page.click(&hook(PANEL, "chat-join")).await;
    }

    /// Types a token, to be shown with the dials that follow.
    pub async fn type_token(&self, token: &str) {
        self.page.write(&hook(PANEL, "chat-token"), token).await;
    }

    /// Puts a policy in force for the next connection.
    pub async fn set_policy(&self, json: &str) {
        self.page.set_policy(PANEL, json).await;
    }

    /// The policy in force for the next connection.
    pub async fn policy(&self) -> serde_json::Value {
        self.page.policy(PANEL).await
    }

    /// Leaves the room.
    pub async fn leave(&self) {
        self.page.click(&hook(PANEL, "chat-leave")).await;
    }

    /// The name that stands there.
    pub async fn name(&self) -> String {
        self.page.value(&hook(PANEL, "chat-name")).await.unwrap_or_default()
    }

    /// The room that stands there.
    pub async fn room(&self) -> String {
        self.page.value(&hook(PANEL, "chat-room")).await.unwrap_or_default()
    }

    /// Waits until this room is shown.
    ///
    /// # Panics
    /// It never is.
    pub async fn wait_room(&self, room: &str) {
        wait::until(room, async || match self.room().await {
            shown if shown == room => Ok(()),
            shown => Err(shown),
        })
        .await;
    }

    /// What is wrong with name, room or message, in words.
    pub async fn complaint(&self) -> String {
        self.page.text(&hook(PANEL, "chat-complaint")).await.unwrap_or_default()
    }

    /// Says something.
    pub async fn say(&self, text: &str) {
        self.page.write(&hook(PANEL, "chat-input"), text).await;
        self.page.click(&hook(PANEL, "chat-send")).await;
    }

    /// Who is in the room, in the words of the page.
    pub async fn members(&self) -> String {
        self.page.text(&hook(PANEL, "members")).await.unwrap_or_default()
    }

    /// Waits until somebody is in the room.
    ///
    /// # Panics
    /// They never are.
    pub async fn wait_member(&self, name: &str) {
        wait::until(&format!("{name} among the members"), async || {
            let members = self.members().await;
            if members.contains(name) {
                return Ok(());
            }
            let (state, end) = (self.badge().state().await, self.badge().last_end().await);
            Err(format!("members {members:?}, line {state} ({end}), complaint {:?}", self.complaint().await))
        })
        .await;
    }

    /// The whole timeline, oldest first.
    pub async fn timeline(&self) -> Vec<Entry> {
        let script = "const said = (entry, part) => entry.querySelector(`[data-testid='entry-${part}']`)?.textContent ?? ''; \
             return [...document.querySelectorAll(arguments[0])].map(entry => \
             [entry.dataset.seq ?? null, entry.dataset.mark, said(entry, 'name'), said(entry, 'text')])";
        let entries = self.page.run(script, vec![hook(PANEL, "entry").into()]).await;
        let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let entries = entries.as_array().into_iter().flatten();
        entries
            .map(|entry| Entry {
                seq: entry[0].as_str().and_then(|seq| seq.parse().ok()),
                mark: word(&entry[1]),
                name: word(&entry[2]),
                text: word(&entry[3]),
            })
            .collect()
    }

    /// What was said, in the order of the timeline.
    pub async fn texts(&self) -> Vec<String> {
        let entries = self.timeline().await.into_iter();
        entries.filter(|entry| entry.mark != "gap").map(|entry| entry.text).collect()
    }

    /// Waits until a text stands in the timeline with one of these marks.
    ///
    /// # Panics
    /// It never does.
    pub async fn wait_entry(&self, text: &str, marks: &[&str]) -> Entry {
        wait::until(&format!("{text:?} as {marks:?}"), async || {
            let entries = self.timeline().await;
            let found =
                entries.iter().find(|entry| entry.text == text && marks.contains(&entry.mark.as_str()));
            match found {
                Some(entry) => Ok(entry.clone()),
                None => Err(format!("{entries:?}, line {}", self.badge().state().await)),
            }
        })
        .await
    }

    /// Waits until somebody else's text is here.
    ///
    /// # Panics
    /// It never is.
    pub async fn wait_said(&self, text: &str) -> Entry {
        self.wait_entry(text, &["said"]).await
    }

    /// Waits until the server has taken a text of our own.
    ///
    /// # Panics
    /// It never does.
    pub async fn wait_accepted(&self, text: &str) -> Entry {
        self.wait_entry(text, &["accepted"]).await
    }
}
