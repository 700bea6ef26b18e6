use super::{Page, hook};
use crate::wait;

/// The liveness badge of a tab.
#[derive(Debug, Clone, Copy)]
pub struct Badge<'a> {
    pub(super) page: &'a Page,
    pub(super) panel: &'static str,
}

impl Badge<'_> {
    /// How it looks: `tone-good`, `tone-doubt`, `tone-bad`, `tone-unknown`, `tone-idle`.
    pub async fn tone(&self) -> String {
        self.page.attribute(&self.hook("badge"), "data-tone").await.unwrap_or_default()
    }

    /// The state, in words.
    pub async fn state(&self) -> String {
        self.page.text(&self.hook("badge-state")).await.unwrap_or_default()
    }

    /// The last sign of life, in words.
    pub async fn last_sign(&self) -> String {
        self.page.text(&self.hook("badge-last-sign")).await.unwrap_or_default()
    }

    /// When the next dial is due, in words.
    pub async fn next_dial(&self) -> String {
        self.page.text(&self.hook("badge-next-dial")).await.unwrap_or_default()
    }

    /// Why the line before ended, in words.
    pub async fn last_end(&self) -> String {
        self.page.text(&self.hook("badge-last-end")).await.unwrap_or_default()
    }

    /// Waits until it looks so.
    ///
    /// # Panics
    /// It never does.
    pub async fn wait_tone(&self, tone: &str) {
        wait::until(tone, async || {
            let seen = self.tone().await;
            if seen == tone {
                Ok(())
            } else {
                Err(format!("{seen}, {}, last end {:?}", self.state().await, self.last_end().await))
            }
        })
        .await;
    }

    /// Waits until it says why a line ended, in words with these in them.
    ///
    /// # Panics
    /// It never does.
    pub async fn wait_last_end(&self, words: &str) -> String {
        self.page
            .wait_text(&self.hook("badge-last-end"), words, |text| !text.is_empty() && text.contains(words))
            .await
    }

    /// Waits until it says why the last dial failed, in words with these in them.
    ///
    /// # Panics
    /// It never does.
    pub async fn wait_last_dial(&self, words: &str) -> String {
        self.page.wait_text(&self.hook("badge-last-dial"), words, |text| text.contains(words)).await
    }

    /// Waits until it tells of a dial to come.
    ///
    /// # Panics
    /// It never does.
    pub async fn wait_countdown(&self) -> String {
        self.page.wait_text(&self.hook("badge-next-dial"), "a countdown", |text| text.contains("in ")).await
    }

    /// Dials at once.
    pub async fn dial_now(&self) {
        self.page.click(&self.hook("dial-now")).await;
    }

    fn hook(&self, name: &str) -> String {
        hook(self.panel, name)
    }
}
