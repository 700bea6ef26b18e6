use super::{Badge, Page, hook};
use crate::wait;

const PANEL: &str = "panel-echo";

/// The Echo tab.
#[derive(Debug, Clone, Copy)]
pub struct Echo<'a> {
    pub(super) page: &'a Page,
}

/// A line of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// `in`, `out` or `note`.
    pub kind: String,
    /// The words.
    pub text: String,
    /// What stands beside them: a size, a round trip.
    pub aside: String,
}

impl<'a> Echo<'a> {
    /// Turns to this tab.
    pub async fn show(&self) {
        self.page.click("[data-testid='tab-echo']").await;
    }

    /// Its badge.
    pub fn badge(&self) -> Badge<'a> {
        Badge { page: self.page, panel: PANEL }
    }

    /// The URL that stands there.
    pub async fn url(&self) -> String {
        self.page.value(&hook(PANEL, "echo-url")).await.unwrap_or_default()
    }

    /// Connects to a URL.
    pub async fn connect(&self, url: &str) {
        self.page.write(&hook(PANEL, "echo-url"), url).await;
        self.page.click(&hook(PANEL, "echo-connect")).await;
    }

    /// Closes the line.
    pub async fn disconnect(&self) {
        self.page.click(&hook(PANEL, "echo-disconnect")).await;
    }

    /// What is wrong with the URL, in words.
    pub async fn complaint(&self) -> String {
        self.page.text(&hook(PANEL, "echo-complaint")).await.unwrap_or_default()
    }

    /// Takes the URL the page suggests instead.
    pub async fn take_suggestion(&self) {
        self.page.click(&hook(PANEL, "echo-suggestion")).await;
    }

    /// Sends a text.
    pub async fn send(&self, text: &str) {
        self.page.write(&hook(PANEL, "echo-input"), text).await;
        self.page.click(&hook(PANEL, "echo-send")).await;
    }

    /// Names a text that the server answers, as a heartbeat for the next connection. The answer is the same text.
    pub async fn beat_with(&self, text: &str) {
        self.page.open_settings(PANEL).await;
        self.page.write(&hook(PANEL, "echo-beat"), text).await;
    }

    /// Puts a policy in force for the next connection.
    pub async fn set_policy(&self, json: &str) {
        self.page.set_policy(PANEL, json).await;
    }

    /// Chooses how what is written is read; `form` is one of the words of the list.
    pub async fn send_as(&self, form: &str) {
        self.page.click(&format!("{} option[value='{form}']", hook(PANEL, "echo-form"))).await;
    }

    /// Its log, oldest first.
    pub async fn log(&self) -> Vec<Logged> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(line => \
             [line.dataset.kind, line.querySelector('.log-text').textContent, line.querySelector('.aside').textContent])";
        let lines = self.page.run(script, vec![hook(PANEL, "log-line").into()]).await;
        let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let lines = lines.as_array().into_iter().flatten();
        lines
            .map(|line| Logged { kind: word(&line[0]), text: word(&line[1]), aside: word(&line[2]) })
            .collect()
    }

    /// Waits until a line is in the log.
    ///
    /// # Panics
    /// It never is.
    pub async fn wait_logged(&self, kind: &str, text: &str) -> Logged {
        let what = format!("{kind} {text:?} in the log");
        wait::until(&what, async || {
            let log = self.log().await;
            let found = log.iter().find(|line| line.kind == kind && line.text.contains(text)).cloned();
            found.ok_or_else(|| format!("{log:?}"))
        })
        .await
    }

    /// Sends `count` numbered probes, one every `interval_ms`.
    pub async fn probe(&self, count: u32, interval_ms: u32) {
        self.page.write(&hook(PANEL, "probe-count"), &count.to_string()).await;
        self.page.write(&hook(PANEL, "probe-interval"), &interval_ms.to_string()).await;
        self.page.click(&hook(PANEL, "probe-start")).await;
    }

    /// How many dots the plot has: one for each answered probe.
    pub async fn dots(&self) -> u64 {
        let script = "return document.querySelectorAll(arguments[0]).length";
        let dots = self.page.run(script, vec![format!("{} circle", hook(PANEL, "probe-plot")).into()]).await;
        dots.as_u64().unwrap_or_default()
    }

    /// What the probes came to, in words.
    pub async fn statistics(&self) -> String {
        self.page.text(&hook(PANEL, "probe-stats")).await.unwrap_or_default()
    }
}
