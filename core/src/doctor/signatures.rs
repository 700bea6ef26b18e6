//! Who is known to end lines like this: defaults of proxies, load balancers and libraries, each with its source.
//!
//! The table is the only place that knows names. A number alone never makes a name sure: many have the same default, and everybody can set
//! another. A field of the answer makes it likely, no more. Sources that were only quoted, or not verified, are told with that doubt.

use serde::{Deserialize, Serialize};

use super::spans::slack;
use super::{Finding, Kind, Manner, Sureness, Survey, say};

/// Somebody who may have ended the lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// Who.
    pub who: String,
    /// `Likely` where a field of the answer points there; otherwise `Unknown`: the number fits, and that is all.
    pub sureness: Sureness,
    /// Why it is named, in words.
    pub why: String,
    /// What to set there.
    pub setting: String,
    /// Where this is known from.
    pub source: String,
}

/// How well a row of the table is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Read in the primary text, or measured.
    Verified,
    /// Seen through somebody's quote.
    Quoted,
    /// Not verified.
    Unverified,
}

/// In which manner a suspect ends lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// By FIN or RST.
    Cut,
    /// By this close code.
    Closed(u16),
    /// Without a word.
    Silent,
    /// The sources do not say, but it knows nothing of WebSocket frames.
    NoFrame,
    /// The sources do not say.
    Any,
}

struct Signature {
    who: &'static str,
    /// What fields of the answer say in the words of `handshake::evidence`; empty for those who leave no trace.
    pointer: &'static str,
    ends: Ends,
    kind: Kind,
    /// Its default in seconds; `None` where there is none.
    default: Option<f64>,
    /// What its own documentation calls the timer.
    called: &'static str,
    setting: &'static str,
    source: &'static str,
    known: Known,
}

const TABLE: [Signature; 18] = [
    Signature {
        who: "nginx",
        pointer: "nginx",
        ends: Ends::Cut,
        kind: Kind::IdleTimer,
        default: Some(60.0),
        called: "proxy_read_timeout",
        setting: "raise `proxy_read_timeout` (and `proxy_send_timeout`) in the location of the WebSocket",
        source: "https://nginx.org/en/docs/http/websocket.html; its end and what resets it were measured with nginx 1.22.1",
        known: Known::Verified,
    },
    Signature {
        who: "an AWS Application Load Balancer",
        pointer: "an AWS load balancer",
        ends: Ends::NoFrame,
        kind: Kind::IdleTimer,
        default: Some(60.0),
        called: "idle_timeout.timeout_seconds",
        setting: "raise the attribute `idle_timeout.timeout_seconds` of the load balancer",
        source: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html",
        known: Known::Verified,
    },
    Signature {
        who: "an AWS Classic Load Balancer",
        pointer: "an AWS load balancer",
        ends: Ends::NoFrame,
        kind: Kind::IdleTimer,
        default: Some(60.0),
        called: "idle timeout",
        setting: "raise the idle timeout of the load balancer",
        source: "https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-idle-timeout.html",
        known: Known::Verified,
    },
    Signature {
        who: "an AWS Network Load Balancer",
        pointer: "",
        ends: Ends::NoFrame,
        kind: Kind::IdleTimer,
        default: Some(350.0),
        called: "tcp.idle_timeout.seconds",
        setting: "raise `tcp.idle_timeout.seconds` of the listener (60 to 6000 s)",
        source: "AWS, What's New of September 2024: configurable TCP idle timeout",
        known: Known::Verified,
    },
    Signature {
        who: "a Google Cloud load balancer",
        pointer: "Google Cloud",
        ends: Ends::NoFrame,
        kind: Kind::Lifetime,
        default: Some(30.0),
        called: "backend service timeout",
        setting: "raise the timeout of the backend service (`timeoutSec`); it is a lifetime for WebSockets, and 24 h is advised as the most",
        source: "kubernetes/ingress-gce examples/websocket (global and classic kinds; for others not verified)",
        known: Known::Verified,
    },
    Signature {
        who: "an Azure Load Balancer",
        pointer: "",
        ends: Ends::Silent,
        kind: Kind::IdleTimer,
        default: Some(240.0),
        called: "idle timeout",
        setting: "raise the rule's idle timeout, and switch its TCP reset on, so that the end is told",
        source: "https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset",
        known: Known::Verified,
    },
    Signature {
        who: "Cloudflare",
        pointer: "Cloudflare",
        ends: Ends::NoFrame,
        kind: Kind::IdleTimer,
        default: Some(100.0),
        called: "WebSocket idle timeout",
        setting: "beat more often: it cannot be set in most plans",
        source: "https://community.cloudflare.com/t/5865, words of its staff in 2017; its page of connection limits has no row for WebSockets",
        known: Known::Quoted,
    },
    Signature {
        who: "Cloudflare",
        pointer: "Cloudflare",
        ends: Ends::NoFrame,
        kind: Kind::IdleTimer,
        default: Some(120.0),
        called: "Proxy Read Timeout",
        setting: "beat more often: it cannot be set in most plans",
        source: "https://developers.cloudflare.com/fundamentals/reference/connection-limits; whether it applies to WebSockets is not said there",
        known: Known::Unverified,
    },
    Signature {
        who: "Heroku's router",
        pointer: "Heroku",
        ends: Ends::NoFrame,
        kind: Kind::IdleTimer,
        default: Some(55.0),
        called: "rolling window (H15, H28)",
        setting: "beat more often: it cannot be set",
        source: "https://help.heroku.com/BZGH6WMY",
        known: Known::Verified,
    },
    Signature {
        who: "HAProxy",
        pointer: "HAProxy",
        ends: Ends::Cut,
        kind: Kind::IdleTimer,
        default: None,
        called: "timeout tunnel, else timeout client and timeout server",
        setting: "raise `timeout tunnel`; without one, `timeout client` and `timeout server` rule",
        source: "https://docs.haproxy.org, timeout tunnel: it has no default",
        known: Known::Verified,
    },
    Signature {
        who: "Apache httpd",
        pointer: "Apache httpd",
        ends: Ends::Cut,
        kind: Kind::IdleTimer,
        default: Some(60.0),
        called: "Timeout",
        setting: "raise `Timeout`: `ProxyTimeout` is not asked for a WebSocket",
        source: "https://httpd.apache.org/docs/2.4/mod/core.html#timeout; that, its end and what resets it were measured with mod_proxy_wstunnel of httpd 2.4.71",
        known: Known::Verified,
    },
    Signature {
        who: "an OpenShift router (HAProxy)",
        pointer: "",
        ends: Ends::Cut,
        kind: Kind::IdleTimer,
        default: Some(30.0),
        called: "client timeout",
        setting: "annotate the route: `haproxy.router.openshift.io/timeout-tunnel`",
        source: "https://github.com/alebedev87/haproxy-timeout-tunnel",
        known: Known::Quoted,
    },
    Signature {
        who: "Envoy",
        pointer: "Envoy",
        ends: Ends::NoFrame,
        kind: Kind::IdleTimer,
        default: Some(300.0),
        called: "stream_idle_timeout",
        setting: "raise `stream_idle_timeout`, or the route's `idle_timeout`",
        source: "https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts",
        known: Known::Quoted,
    },
    Signature {
        who: "Traefik",
        pointer: "",
        ends: Ends::NoFrame,
        kind: Kind::IdleTimer,
        default: Some(180.0),
        called: "respondingTimeouts.idleTimeout",
        setting: "raise `respondingTimeouts` of the entry point",
        source: "https://doc.traefik.io/traefik/routing/entrypoints; its effect on WebSockets is not verified",
        known: Known::Unverified,
    },
    Signature {
        who: "a Kubernetes API server, or the container runtime behind it",
        pointer: "",
        ends: Ends::Any,
        kind: Kind::IdleTimer,
        default: Some(14_400.0),
        called: "idle connection timeout, stream_idle_timeout",
        setting: "raise containerd's `stream_idle_timeout`; the kubelet's own option has no effect any more",
        source: "kubernetes/apiserver pkg/util/proxy/websocket.go; kubernetes/kubernetes pull request 131992",
        known: Known::Verified,
    },
    Signature {
        who: "the connection tracking of a Linux firewall",
        pointer: "",
        ends: Ends::Silent,
        kind: Kind::IdleTimer,
        default: Some(432_000.0),
        called: "nf_conntrack_tcp_timeout_established",
        setting: "raise `nf_conntrack_tcp_timeout_established`",
        source: "Linux, Documentation/networking/nf_conntrack-sysctl.rst",
        known: Known::Quoted,
    },
    Signature {
        who: "the address translation (NAT) of a mobile network",
        pointer: "",
        ends: Ends::Silent,
        kind: Kind::IdleTimer,
        default: Some(300.0),
        called: "NAT lifetime",
        setting: "beat more often: it belongs to the network",
        source: "WeChat's Mars works with some five minutes; RFC 5382 asks for 2 h 4 min",
        known: Known::Unverified,
    },
    Signature {
        who: "a server on Python's websockets",
        pointer: "a Python application",
        ends: Ends::Closed(1011),
        kind: Kind::PongDemanded,
        default: Some(20.0),
        called: "ping_timeout",
        setting: "answer pings, or raise `ping_interval` and `ping_timeout`",
        source: "https://websockets.readthedocs.io/en/stable/topics/keepalive.html",
        known: Known::Verified,
    },
];

/// So many are named at most.
const MOST_NAMED: usize = 4;

/// Who may have done this, the best fit first.
pub(super) fn suspects(finding: &Finding, survey: &Survey) -> Vec<Suspect> {
    let mut ranked: Vec<(u8, Suspect)> = TABLE.iter().filter_map(|row| row.judge(finding, survey)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut suspects: Vec<Suspect> = Vec::new();
    for (_, suspect) in ranked {
        if !suspects.iter().any(|known| known.who == suspect.who) {
            suspects.push(suspect);
        }
    }
    suspects.truncate(MOST_NAMED);
    suspects
}

impl Signature {
    /// Whether it may be this one, and how well it fits: a lower rank is a better fit.
    fn judge(&self, finding: &Finding, survey: &Survey) -> Option<(u8, Suspect)> {
        if finding.kind != Some(self.kind) || !self.ends.fits(finding.manner) {
            return None;
        }
        let knows_no_frames = matches!(self.ends, Ends::Cut | Ends::Silent | Ends::NoFrame);
        if knows_no_frames && finding.tells_frames_apart() {
            return None;
        }
        let field = self.field(survey);
        let is_default = self.default.filter(|default| {
            let near = |about: f64| (about - default).abs() <= 2.0 * slack(*default);
            finding.period.and_then(|period| period.about).is_some_and(|about| near(about.as_secs_f64()))
        });
        let called = self.called;
        let (rank, sureness, why) = match (field, is_default, self.default) {
            (Some(field), Some(default), _) => {
                let why = format!("its default ({called}) is {default} s, and {field}");
                (0, Sureness::Likely, why)
            }
            (Some(field), None, _) => {
                (1, Sureness::Likely, format!("{field}; its timer is {called}, here set to another value"))
            }
            (None, Some(default), _) => (
                2,
                Sureness::Unknown,
                format!("its default ({called}) is {default} s; nothing else points to it"),
            ),
            (None, None, None) => (
                3,
                Sureness::Unknown,
                format!("its timer ({called}) has no default, so it may be any number"),
            ),
            (None, None, Some(_)) => return None,
        };
        let doubt = match self.known {
            Known::Verified => "",
            Known::Quoted => "; known from a quote only",
            Known::Unverified => "; not verified",
        };
        let suspect = Suspect {
            who: self.who.to_owned(),
            sureness,
            why: format!("{why}{doubt}"),
            setting: self.setting.to_owned(),
            source: self.source.to_owned(),
        };
        // What is known from hearsay comes after what was read.
        Some((rank * 2 + u8::from(self.known != Known::Verified), suspect))
    }

    /// The field of the answer that points there, in words.
    fn field(&self, survey: &Survey) -> Option<String> {
        let pointers = &survey.handshake.as_ref()?.pointers;
        let pointer = pointers.iter().find(|pointer| {
            let is_named =
                |text: &str| text.to_ascii_lowercase().contains(&self.pointer.to_ascii_lowercase());
            !self.pointer.is_empty() && (is_named(&pointer.suggests) || is_named(&pointer.value))
        })?;
        Some(format!("the answer said `{}: {}`", pointer.field, pointer.value))
    }
}

impl Ends {
    const fn fits(self, manner: Manner) -> bool {
        match (self, manner) {
            (Self::Any, _)
            | (Self::Cut, Manner::Cut)
            | (Self::Silent, Manner::Lost)
            | (Self::NoFrame, Manner::Cut | Manner::Lost) => true,
            (Self::Closed(row), Manner::Closed { code }) => row == code,
            (Self::Cut | Self::Silent | Self::NoFrame | Self::Closed(_), _) => false,
        }
    }
}

/// The suspects in one sentence: what fits, and how sure.
pub(super) fn sentence(suspects: &[Suspect]) -> Option<String> {
    let likely: Vec<&Suspect> = suspects.iter().filter(|one| one.sureness == Sureness::Likely).collect();
    if let Some(first) = likely.first() {
        return Some(format!("It looks like {}: {}.", first.who, first.why));
    }
    let names: Vec<String> = suspects.iter().map(|one| format!("{} ({})", one.who, one.why)).collect();
    (!names.is_empty())
        .then(|| format!("Who it is, nothing says. By the number it may be {}.", say::list(&names, "or")))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_row_has_a_source_and_says_what_to_set() {
        for row in TABLE {
            assert!(
                !row.source.is_empty() && !row.setting.is_empty() && !row.called.is_empty(),
                "{}",
                row.who
            );
            assert!(row.default.is_none_or(|default| default > 0.0), "{}", row.who);
        }
    }
}
