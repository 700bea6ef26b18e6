//! Everything at once: what a program reads, and what a person does.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{HttpKeepAlive, Reached, Statement, Story, Survey, TcpKeepalive, Verdict, Watch, diagnose, say};
use crate::policy::Policy;

/// The number of the form of a [`Report`] as JSON. It rises when a reader of the old one would misread the new one; new fields do not
/// raise it.
pub const VERSION: u32 = 1;

/// A whole examination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// What was examined. The shell overwrites what is secret in it.
    pub url: String,
    /// When it began, as RFC 3339 writes it.
    pub started: String,
    /// The watch as a whole.
    pub watch: Watch,
    /// What the first seconds showed.
    pub survey: Survey,
    /// What each line lived through.
    pub stories: Vec<Story>,
    /// How this machine's TCP probes idle connections.
    pub tcp_keepalive: TcpKeepalive,
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// A policy for such lines.
    pub policy: Policy,
}

/// Why a text is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Not JSON at all, or of something else.
    #[error("this is no report of `heartline doctor --json` ({0})")]
    Unreadable(#[from] serde_json::Error),
    /// Of another time.
    #[error(
        "this report has version {found}, and {VERSION} is known here; use the same version of heartline for both"
    )]
    OtherVersion {
        /// The report's.
        found: u32,
    },
}

impl Report {
    /// Reads what `heartline doctor --json` wrote.
    ///
    /// # Errors
    /// [`ReportError`]
    pub fn from_json(text: &str) -> Result<Self, ReportError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        // Of another version, the rest may be anything.
        match serde_json::from_str(text)? {
            Versioned { version: VERSION } => Ok(serde_json::from_str(text)?),
            Versioned { version: found } => Err(ReportError::OtherVersion { found }),
        }
    }

    /// Reasons over what was seen, and puts everything together.
    #[must_use]
    pub fn new(
        url: String,
        started: String,
        watch: Watch,
        survey: Survey,
        stories: Vec<Story>,
        tcp_keepalive: TcpKeepalive,
    ) -> Self {
        let verdict = diagnose(&survey, &watch, &stories, &tcp_keepalive);
        let policy = verdict.policy();
        Self { version: VERSION, url, started, watch, survey, stories, tcp_keepalive, verdict, policy }
    }

    /// The report in words for a terminal: survey and verdict. It quotes what came from the wire: the shell escapes it.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n\n{}\n{}", self.url, self.survey.text(), self.verdict.text())
    }
}

impl Survey {
    /// The survey as rows of `what  value`, each with its line end. It quotes what came from the wire: the shell escapes it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (what, value) in self.rows() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{what:<12} {value}");
        }
        text
    }

    /// What is known, each as a name and words.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = Vec::new();
        let mut row = |what, value: Option<String>| rows.extend(value.map(|value| (what, value)));
        let lookup = self.lookup.map(|took| {
            let count = self.addresses.len();
            let addresses = if count == 1 { "address" } else { "addresses" };
            format!("{} ({count} {addresses}, looked up in {})", self.host, fine(took))
        });
        row("name", self.lookup_failed.as_ref().map(|why| format!("{}: {why}", self.host)).or(lookup));
        row("proxy", self.proxy.clone());
        for address in &self.addresses {
            let reached = match &address.reached {
                Reached::Connected(took) => format!("connected in {}", fine(*took)),
                Reached::Failed(why) => why.clone(),
            };
            row("address", Some(format!("{}: {reached}", address.address)));
        }
        let tls = self.tls.as_ref().map(|tls| {
            let left = tls.days_left.map(|days| match days {
                0.. => format!(", certificate good for {days} more days"),
                _ => format!(", certificate ended {} days ago", days.unsigned_abs()),
            });
            let issuer = tls.issuer.as_ref().map(|issuer| format!(", issued by {issuer}"));
            let unchecked = if tls.unchecked { ", not checked" } else { "" };
            format!("{}{}{}{unchecked}", tls.version, left.unwrap_or_default(), issuer.unwrap_or_default())
        });
        row("TLS", self.tls_failed.as_ref().map(|why| format!("failed: {why}")).or(tls));
        if let Some(handshake) = &self.handshake {
            let status = handshake.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            let took = handshake.took.map(|took| format!(" in {}", fine(took))).unwrap_or_default();
            let wrong = if handshake.wrong.is_empty() {
                String::new()
            } else {
                format!(": {}", handshake.wrong.join("; "))
            };
            row("handshake", Some(format!("{status}{took}{wrong}")));
            for pointer in &handshake.pointers {
                row(
                    "answered by",
                    Some(format!("{}: {} (points to {})", pointer.field, pointer.value, pointer.suggests)),
                );
            }
            row("subprotocol", handshake.subprotocol.clone());
            row("extensions", (!handshake.extensions.is_empty()).then(|| handshake.extensions.join(", ")));
        }
        row(
            "speaks first",
            self.first_message.as_ref().map(|first| {
                let kind = if first.binary { "binary" } else { "text" };
                format!("{kind}, {} bytes, after {}: {}", first.bytes, fine(first.after), first.beginning)
            }),
        );
        row("echoes", self.echoes.map(|echoes| if echoes { "yes" } else { "no" }.to_owned()));
        row(
            "pings",
            self.answers_ping.map(|answers| {
                if answers { "answered" } else { "not answered, against RFC 6455 section 5.5.2" }.to_owned()
            }),
        );
        row(
            "pings us",
            self.server_pings.map(|pings| {
                pings.every.map_or_else(
                    || format!("{} so far", pings.count),
                    |every| format!("every {}", say::time(every)),
                )
            }),
        );
        row("HTTP", self.http_keepalive.as_ref().map(http_keepalive));
        let trips =
            [("TCP", self.round_trips.tcp), ("ping", self.round_trips.ping), ("echo", self.round_trips.echo)];
        let trips: Vec<String> =
            trips.into_iter().filter_map(|(level, trip)| Some(format!("{level} {}", fine(trip?)))).collect();
        row("round trips", (!trips.is_empty()).then(|| trips.join(", ")));
        rows
    }
}

impl Verdict {
    /// The verdict in words for a terminal: evidence, conclusion, advice, each with how sure it is, then the three keep-alives. It
    /// quotes what came from the wire: the shell escapes it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.headline);
        let parts =
            [("Evidence", &self.evidence), ("Conclusion", &self.conclusion), ("Advice", &self.advice)];
        for (title, statements) in parts.into_iter().filter(|(_, statements)| !statements.is_empty()) {
            let _ = writeln!(text, "\n{title}");
            for Statement { sureness, text: words } in statements {
                let _ = writeln!(text, "  {:<10}{words}", sureness.word());
            }
        }
        let _ = writeln!(text, "\nThree keep-alives on this line");
        for keepalive in &self.keepalives {
            let _ = writeln!(text, "  {}", keepalive.text);
        }
        text
    }
}

/// What became of an idle connection of HTTP.
fn http_keepalive(kept: &HttpKeepAlive) -> String {
    let announced = kept.announced.as_ref().map(|said| format!(" (it announced {said})")).unwrap_or_default();
    let kept = match kept.closed_after {
        _ if kept.refused => "a plain connection is not kept for a second request".to_owned(),
        Some(after) => format!("an idle plain connection is closed after {}", say::time(after)),
        None => format!("an idle plain connection is kept for more than {}", say::time(kept.watched)),
    };
    format!("{kept}{announced}; lines have nothing of that")
}

/// Short times in milliseconds.
fn fine(duration: crate::time::Duration) -> String {
    let millis = duration.as_secs_f64() * 1000.0;
    if millis < 1000.0 { format!("{millis:.1} ms") } else { say::time(duration) }
}
