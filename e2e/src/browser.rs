//! Browsers.

use std::sync::Arc;

use fantoccini::Client;
use fantoccini::wd::{WebDriverCompatibleCommand, WindowHandle};
use tokio::sync::Mutex;

use crate::driver::Driver;
use crate::page::Page;

/// A make of browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Or Chrome.
    Chromium,
    /// Its long-time release or any other.
    Firefox,
}

impl Kind {
    /// The variable that says where its driver is.
    pub(crate) fn driver_variable(self) -> &'static str {
        match self {
            Self::Chromium => "CHROMEDRIVER",
            Self::Firefox => "GECKODRIVER",
        }
    }

    /// The variable that says where it is itself.
    pub(crate) fn browser_variable(self) -> &'static str {
        match self {
            Self::Chromium => "CHROMIUM",
            Self::Firefox => "FIREFOX",
        }
    }
}

/// A browser of our own, with a fresh profile and no window that anybody sees.
#[derive(Debug)]
pub struct Browser {
    kind: Kind,
    client: Client,
    /// The window that commands go to; pages of one browser take turns.
    at: Arc<Mutex<WindowHandle>>,
    driver: Driver,
}

impl Browser {
    /// Starts one.
    ///
    /// # Panics
    /// It does not start, which says why.
    pub async fn start(kind: Kind) -> Self {
        let mut driver = Driver::start(kind).await;
        let client = driver.open(kind).await;
        let window = client.window().await.expect("a browser begins with a window");
        Self { kind, client, at: Arc::new(Mutex::new(window)), driver }
    }

    /// Which it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Opens a URL in the window that is there.
    ///
    /// # Panics
    /// The browser does not do it.
    pub async fn open(&self, url: &str) -> Page {
        let window = self.at.lock().await.clone();
        self.page(window, url).await
    }

    /// Opens a URL in a further window.
    ///
    /// # Panics
    /// The browser does not do it.
    pub async fn open_beside(&self, url: &str) -> Page {
        let opened = self.client.new_window(false).await.expect("a further window");
        self.page(opened.handle, url).await
    }

    async fn page(&self, window: WindowHandle, url: &str) -> Page {
        let page = Page::new(self.client.clone(), window, self.at.clone());
        page.go(url).await;
        page
    }

    /// What pages complained about to the console since they were opened: scripts that failed, what their policy forbade.
    /// Chromium tells all of it; Firefox does not tell WebDriver what a policy forbade.
    ///
    /// # Panics
    /// The browser does not tell.
    pub async fn complaints(&self) -> Vec<String> {
        match self.kind {
            Kind::Chromium => {
                let log = self.client.issue_cmd(ReadLog).await.expect("Chromium tells what is in its log");
                let entries = log.as_array().cloned().unwrap_or_default();
                let severe =
                    entries.iter().filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
                severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
            }
            Kind::Firefox => {
                let is_complaint = |line: &String| {
                    ["console.error", "console.warn", "JavaScript error", "JavaScript warning"]
                        .iter()
                        .any(|sign| line.starts_with(sign))
                };
                self.driver.process.lines().into_iter().filter(is_complaint).collect()
            }
        }
    }
}

/// Chromium's own command for what its console shows. Each entry is told once.
#[derive(Debug)]
struct ReadLog;

impl WebDriverCompatibleCommand for ReadLog {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(r#"{"type":"browser"}"#.to_owned()))
    }
}
