//! Heartline's page, as somebody uses it: found by what it shows, moved by clicks and keys.

mod badge;
mod chat;
mod echo;
mod inspector;

use std::sync::Arc;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

pub use badge::Badge;
pub use chat::{Chat, Entry};
pub use echo::{Echo, Logged};
pub use fantoccini::key::Key;
pub use inspector::Inspector;

use crate::wait;

/// One window with the page in it.
#[derive(Debug)]
pub struct Page {
    client: Client,
    window: WindowHandle,
    /// Where the browser's commands go at present.
    at: Arc<Mutex<WindowHandle>>,
}

impl Page {
    pub(crate) fn new(client: Client, window: WindowHandle, at: Arc<Mutex<WindowHandle>>) -> Self {
        Self { client, window, at }
    }

    /// The Chat tab.
    pub fn chat(&self) -> Chat<'_> {
        Chat { page: self }
    }

    /// The Echo tab.
    pub fn echo(&self) -> Echo<'_> {
        Echo { page: self }
    }

    /// The Inspector tab.
    pub fn inspector(&self) -> Inspector<'_> {
        Inspector { page: self }
    }

    /// Opens a URL here.
    ///
    /// # Panics
    /// The browser cannot.
    pub async fn go(&self, url: &str) {
        let _turn = self.turn().await;
        self.client.goto(url).await.expect("the URL opens");
    }

    /// Loads the page anew.
    ///
    /// # Panics
    /// The browser cannot.
    pub async fn reload(&self) {
        let _turn = self.turn().await;
        self.client.refresh().await.expect("the page loads again");
    }

    /// Closes the window. The browser ends with its last one.
    ///
    /// # Panics
    /// The browser cannot.
    pub async fn close(self) {
        let _turn = self.turn().await;
        self.client.close_window().await.expect("the window closes");
    }

    /// Makes the window this wide and high, in CSS pixels.
    ///
    /// # Panics
    /// The browser cannot.
    pub async fn resize(&self, width: u32, height: u32) {
        let _turn = self.turn().await;
        self.client.set_window_size(width, height).await.expect("the window takes another size");
    }

    /// Puts the window out of sight; the page is told that it is hidden.
    ///
    /// # Panics
    /// The browser cannot.
    pub async fn hide(&self) {
        let turn = self.turn().await;
        self.client.minimize_window().await.expect("the window goes out of sight");
        drop(turn);
        self.visibility("hidden").await;
    }

    /// Puts the window back in sight.
    ///
    /// # Panics
    /// The browser cannot.
    pub async fn show(&self) {
        let turn = self.turn().await;
        self.client.set_window_rect(0, 0, 1200, 900).await.expect("the window comes back");
        drop(turn);
        self.visibility("visible").await;
    }

    /// What is to be seen of it, as PNG.
    ///
    /// # Panics
    /// The browser takes no pictures.
    pub async fn picture(&self) -> Vec<u8> {
        let _turn = self.turn().await;
        self.client.screenshot().await.expect("a picture of the page")
    }

    /// Clicks what the selector finds, as soon as it can be clicked.
    ///
    /// # Panics
    /// It cannot.
    pub async fn click(&self, selector: &str) {
        self.act(selector, async |element| element.click().await).await;
    }

    /// Writes `text` into a field in place of what is there.
    ///
    /// # Panics
    /// There is no such field.
    pub async fn write(&self, selector: &str, text: &str) {
        let keys = if text.is_empty() { char::from(Key::Backspace).to_string() } else { text.to_owned() };
        self.act(selector, async |field| {
            // What is selected is written over. A field that has the focus already keeps its selection.
            let field_in_page = serde_json::to_value(field)?;
            self.client.execute("arguments[0].focus(); arguments[0].select()", vec![field_in_page]).await?;
            field.send_keys(&keys).await
        })
        .await;
    }

    /// Writes `text` where the cursor is, key by key.
    ///
    /// # Panics
    /// The browser has no keyboard.
    pub async fn type_keys(&self, text: &str) {
        let strokes = text.chars().flat_map(|value| [KeyAction::Down { value }, KeyAction::Up { value }]);
        self.perform(strokes).await;
    }

    /// Presses a key.
    ///
    /// # Panics
    /// The browser has no keyboard.
    pub async fn press(&self, key: Key) {
        self.type_keys(&char::from(key).to_string()).await;
    }

    /// Which element has the focus: its hook.
    pub async fn focus(&self) -> Option<String> {
        let hook = self.run("return document.activeElement?.dataset?.testid ?? null", vec![]).await;
        hook.as_str().map(str::to_owned)
    }

    /// Waits until the element with this hook has the focus.
    ///
    /// # Panics
    /// It never does.
    pub async fn wait_focus(&self, hook: &str) {
        wait::until(&format!("the focus on {hook}"), async || match self.focus().await {
            Some(focus) if focus == hook => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    }

    /// Goes on with the Tab key, as often as it takes, until the element with this hook has the focus.
    ///
    /// # Panics
    /// The key leads nowhere near.
    pub async fn tab_to(&self, hook: &str) {
        self.walk_to(hook, &[Key::Tab]).await;
    }

    /// As [`tab_to`](Self::tab_to), backwards.
    ///
    /// # Panics
    /// As [`tab_to`](Self::tab_to).
    pub async fn tab_back_to(&self, hook: &str) {
        self.walk_to(hook, &[Key::Shift, Key::Tab]).await;
    }

    /// What an element says, if it is there; hidden or not.
    pub async fn text(&self, selector: &str) -> Option<String> {
        self.ask(selector, "return found.textContent").await
    }

    /// What stands in a field.
    pub async fn value(&self, selector: &str) -> Option<String> {
        self.ask(selector, "return found.value").await
    }

    /// An attribute.
    pub async fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.ask(selector, &format!("return found.getAttribute({})", json!(name))).await
    }

    /// Waits until what an element says is as `is_right` wants it.
    ///
    /// # Panics
    /// It never is.
    pub async fn wait_text(&self, selector: &str, what: &str, is_right: impl Fn(&str) -> bool) -> String {
        wait::until(what, async || match self.text(selector).await {
            Some(text) if is_right(&text) => Ok(text),
            other => Err(format!("{selector} says {other:?}")),
        })
        .await
    }

    /// Runs a script in the page and returns what it returns.
    ///
    /// # Panics
    /// The script fails.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        let _turn = self.turn().await;
        match self.client.execute(script, arguments).await {
            Ok(value) => value,
            Err(error) => panic!("{error}, in the page's {script:?}"),
        }
    }

    /// Opens the settings of a panel and puts a policy of one's own in force, written as JSON.
    ///
    /// # Panics
    /// The page does not take it.
    pub async fn set_policy(&self, panel: &str, json: &str) {
        self.open_settings(panel).await;
        self.write(&hook(panel, "policy-json"), json).await;
        self.click(&hook(panel, "policy-set")).await;
        let complaint = self.text(&hook(panel, "policy-complaint")).await;
        assert_eq!(complaint.as_deref(), Some(""), "the page does not take {json}");
    }

    /// Opens what is folded away in a panel.
    pub async fn open_settings(&self, panel: &str) {
        let details = format!("[data-testid='{panel}'] details");
        if self.attribute(&details, "open").await.is_none() {
            self.click(&format!("{details} > summary")).await;
        }
    }

    /// The policy that stands in a panel, as JSON.
    ///
    /// # Panics
    /// It is none.
    pub async fn policy(&self, panel: &str) -> Value {
        let json = self.value(&hook(panel, "policy-json")).await.unwrap_or_default();
        serde_json::from_str(&json).expect("the page shows a policy as JSON")
    }

    /// Runs `script` with `found`, the element, and takes the string it returns.
    async fn ask(&self, selector: &str, script: &str) -> Option<String> {
        let script =
            format!("const found = document.querySelector(arguments[0]); if (!found) return null; {script}");
        self.run(&script, vec![json!(selector)]).await.as_str().map(str::to_owned)
    }

    /// Does something to an element. One that is not there yet, or is just being drawn anew, is tried again.
    async fn act(&self, selector: &str, act: impl AsyncFn(&Element) -> Result<(), CmdError>) {
        wait::until(selector, async || {
            let _turn = self.turn().await;
            let element = self.client.find(Locator::Css(selector)).await?;
            act(&element).await
        })
        .await;
    }

    async fn walk_to(&self, hook: &str, chord: &[Key]) {
        // More than there is to walk past.
        const STEPS: usize = 60;
        let mut passed = Vec::new();
        while passed.len() < STEPS {
            let focus = self.focus().await;
            if focus.as_deref() == Some(hook) {
                return;
            }
            passed.push(focus);
            self.press_together(chord).await;
        }
        panic!("the Tab key does not lead to {hook}, but to {passed:?}");
    }

    /// Presses keys one after the other and lets go of them in the opposite order: a chord.
    async fn press_together(&self, chord: &[Key]) {
        let down = chord.iter().map(|key| KeyAction::Down { value: char::from(*key) });
        let up = chord.iter().rev().map(|key| KeyAction::Up { value: char::from(*key) });
        self.perform(down.chain(up)).await;
    }

    async fn perform(&self, strokes: impl Iterator<Item = KeyAction>) {
        let keys = strokes.fold(KeyActions::new("keyboard".to_owned()), |keys, stroke| keys.then(stroke));
        let _turn = self.turn().await;
        // Puts it in front: in a window that is behind, Firefox takes keys, and yet no button hears Enter.
        self.client.switch_to_window(self.window.clone()).await.expect("the window is still there");
        self.client.perform_actions(keys).await.expect("keys that can be pressed");
    }

    async fn visibility(&self, wanted: &str) {
        wait::until("another visibility", async || {
            let state = self.run("return document.visibilityState", vec![]).await;
            if state == wanted { Ok(()) } else { Err(state) }
        })
        .await;
    }

    /// While it is held, the browser's commands go to this window.
    async fn turn(&self) -> MutexGuard<'_, WindowHandle> {
        let mut at = self.at.lock().await;
        if *at != self.window {
            self.client.switch_to_window(self.window.clone()).await.expect("the window is still there");
            *at = self.window.clone();
        }
        at
    }
}

/// The selector of what has this hook, inside of a panel.
fn hook(panel: &str, name: &str) -> String {
    format!("[data-testid='{panel}'] [data-testid='{name}']")
}
