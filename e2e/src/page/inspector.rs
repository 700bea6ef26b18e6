use super::{Page, hook};
use crate::wait;

const PANEL: &str = "panel-inspect";

/// The Inspector tab.
#[derive(Debug, Clone, Copy)]
pub struct Inspector<'a> {
    pub(super) page: &'a Page,
}

impl Inspector<'_> {
    /// Turns to this tab.
    pub async fn show(&self) {
        self.page.click("[data-testid='tab-inspect']").await;
    }

    /// What stands there before a feed is read.
    pub async fn hint(&self) -> String {
        self.page.text(&hook(PANEL, "inspect-hint")).await.unwrap_or_default()
    }

    /// Reads the feed at this address, until the relay has said where it leads.
    pub async fn read(&self, feed: &str) {
        self.page.write(&hook(PANEL, "inspect-url"), feed).await;
        self.page.click(&hook(PANEL, "inspect-connect")).await;
    }

    /// What is wrong with the address, in words.
    pub async fn complaint(&self) -> String {
        self.page.text(&hook(PANEL, "inspect-complaint")).await.unwrap_or_default()
    }

    /// Waits until the relay's server stands there.
    pub async fn wait_to(&self, server: &str) {
        self.page.wait_text(&hook(PANEL, "inspect-to"), "where the relay leads", |text| text == server).await;
    }

    /// The table's rows, cell by cell.
    pub async fn rows(&self) -> Vec<Vec<String>> {
        let script = "return [...document.querySelectorAll('[data-testid=frame]')]
            .map(row => [...row.cells].map(cell => cell.innerText))";
        serde_json::from_value(self.page.run(script, vec![]).await).unwrap_or_default()
    }

    /// Waits for a row with this in its payload; its cells.
    pub async fn wait_row(&self, name: &str, payload: &str) -> Vec<String> {
        wait::until(&format!("a row {name} {payload}"), async || {
            let rows = self.rows().await;
            let found = rows.iter().find(|row| row[3].trim() == name && row[5].contains(payload)).cloned();
            found.ok_or_else(|| format!("{rows:?}"))
        })
        .await
    }

    /// Opens the frame of the first row with this in its payload; the fields of it, by name.
    pub async fn open(&self, payload: &str) -> Vec<(String, String, String)> {
        let script = "for (const row of document.querySelectorAll('[data-testid=frame]'))
            if (row.cells[5].innerText.includes(arguments[0])) return row.querySelector('button').click()";
        self.page.run(script, vec![payload.into()]).await;
        let script = "return [...document.querySelectorAll('[data-testid=field]')]
            .map(row => [0, 2, 3].map(cell => row.cells[cell].innerText))";
        wait::until("the fields of a frame", async || {
            let fields: Vec<(String, String, String)> =
                serde_json::from_value(self.page.run(script, vec![]).await).unwrap_or_default();
            if fields.is_empty() { Err("none".to_owned()) } else { Ok(fields) }
        })
        .await
    }

    /// The bytes of the open frame, as they stand there.
    pub async fn dump(&self) -> String {
        self.page.text(&hook(PANEL, "dump")).await.unwrap_or_default()
    }

    /// Asks for a fault, in words.
    pub async fn fault(&self, words: &str) {
        self.page.write(&hook(PANEL, "fault-words"), words).await;
        self.page.click(&hook(PANEL, "fault-set")).await;
    }

    /// Presses the button that asks for this fault.
    pub async fn press_fault(&self, fault: &str) {
        self.page.click(&format!("[data-testid='fault'][title='{fault}']")).await;
    }

    /// Takes all faults away.
    pub async fn heal(&self) {
        self.page.click(&hook(PANEL, "fault-clear")).await;
    }

    /// Waits until the faults that are set read like this.
    pub async fn wait_faults(&self, is_right: impl Fn(&str) -> bool) {
        self.page.wait_text(&hook(PANEL, "faults"), "the faults", is_right).await;
    }
}
