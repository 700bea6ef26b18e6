//! Stage one: who answers, how, and how fast.

mod talk;

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use heartline_core::{
    doctor::{Address, Handshake, HandshakeVerdict, Reached, Survey, Tls},
    handshake::{Outcome, Request, Response, evidence, outcome},
};
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use self::talk::Talk;
use super::{certificate, knock::knock};
use crate::{
    client::dial::{Agreed, DialFailure, Dialer, Step, Steps, Transport, io_words},
    output::escape::excerpt,
    tcp_info::tcp_state,
};

/// Addresses of one name that are tried. What has more is not looked at further.
const ADDRESSES: usize = 16;
/// How long one of them may take.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(5);
/// Characters of a field that are kept.
const FIELD: usize = 200;

/// Looks at the server once. The failure is that of the dial, where there is no line.
pub(super) async fn survey(
    dialer: &mut Dialer,
    dial_timeout: Duration,
    text: Option<&str>,
    unchecked: bool,
) -> (Survey, Result<(), DialFailure>) {
    let mut survey = Survey { host: host(dialer), proxy: dialer.proxy(), ..Survey::default() };
    let mut steps = Steps::default();
    let begun = Instant::now();
    // Where this fails, the dial below fails as well, and says so.
    if let Ok(Ok(addresses)) = timeout(dial_timeout, dialer.addresses()).await {
        let is_name = survey.host.parse::<IpAddr>().is_err() && !addresses.is_empty();
        survey.lookup = is_name.then(|| begun.elapsed());
        survey.addresses = reach_each(addresses).await;
    }
    // Only here somebody reads frames who can inflate.
    dialer.request.deflate = true;
    let line = knock(dialer, dial_timeout, None, &mut steps).await;
    dialer.request.deflate = false;
    survey.tls = steps.tls.as_ref().map(|(took, agreed)| tls(*took, agreed, unchecked));
    if let Some((request, response)) = &steps.heads {
        survey.handshake = Some(handshake(request, response, steps.http));
    }
    let line = match line {
        Ok(line) => line,
        Err(failure) => {
            note_failure(&mut survey, &failure);
            return (survey, Err(failure));
        }
    };
    let agreed = steps.heads.as_ref().map(|(request, response)| outcome(request, response));
    let deflate = match agreed {
        Some(Outcome::Open(agreement)) => agreement.deflate,
        Some(Outcome::Broken(..) | Outcome::Refused(_)) | None => None,
    };
    let mut talk = Talk::new(line, deflate);
    talk.whole(text, &mut survey).await;
    survey.tcp = talk.socket().and_then(tcp_state);
    survey.round_trips.tcp =
        survey.tcp.filter(|tcp| tcp.rtt_us > 0).map(|tcp| Duration::from_micros(tcp.rtt_us.into()));
    talk.goodbye().await;
    (survey, Ok(()))
}

fn host(dialer: &Dialer) -> String {
    match &dialer.endpoint.transport {
        Transport::Tcp { host, .. } => host.clone(),
        Transport::Unix(path) => path.display().to_string(),
    }
}

/// Connects to each, all at once, and hangs up: one sick machine behind a name is easily overlooked.
async fn reach_each(addresses: Vec<SocketAddr>) -> Vec<Address> {
    let mut tries = JoinSet::new();
    for (place, address) in addresses.into_iter().take(ADDRESSES).enumerate() {
        tries.spawn(async move {
            let begun = Instant::now();
            let reached = match timeout(ADDRESS_PATIENCE, TcpStream::connect(address)).await {
                Ok(Ok(_)) => Reached::Connected(begun.elapsed()),
                Ok(Err(error)) => Reached::Failed(io_words(&error)),
                Err(_) => Reached::Failed(format!("no answer within {} s", ADDRESS_PATIENCE.as_secs())),
            };
            (place, Address { address: address.to_string(), reached })
        });
    }
    let mut found = tries.join_all().await;
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, address)| address).collect()
}

fn tls(took: Duration, agreed: &Agreed, unchecked: bool) -> Tls {
    let seen = agreed.certificates.first().and_then(|certificate| certificate::read(certificate));
    let seen = seen.unwrap_or_default();
    Tls {
        version: agreed.version.clone(),
        cipher: Some(agreed.suite.clone()).filter(|suite| !suite.is_empty()),
        took: Some(took),
        subject: seen.subject,
        issuer: seen.issuer,
        ends: seen.ends,
        days_left: seen.days_left,
        unchecked,
    }
}

fn handshake(request: &Request, response: &Response, took: Option<Duration>) -> Handshake {
    let (verdict, wrong, advice, agreement) = match outcome(request, response) {
        Outcome::Open(agreement) => (HandshakeVerdict::Open, Vec::new(), None, agreement),
        Outcome::Broken(breaches, agreement) => {
            let wrong = breaches.iter().map(|breach| excerpt(&breach.to_string(), FIELD)).collect();
            (HandshakeVerdict::Broken, wrong, None, agreement)
        }
        Outcome::Refused(refusal) => {
            let wrong = vec![excerpt(&refusal.cause.to_string(), FIELD)];
            let advice = Some(refusal.cause.advice().to_owned());
            (HandshakeVerdict::Refused, wrong, advice, heartline_core::handshake::Agreement::default())
        }
    };
    let extensions = response.fields.items("sec-websocket-extensions");
    Handshake {
        status: Some(response.status),
        took,
        verdict,
        wrong,
        advice,
        pointers: evidence(&response.fields).into_iter().map(Into::into).collect(),
        subprotocol: agreement.subprotocol,
        extensions: extensions.map(|extension| excerpt(extension, FIELD)).collect(),
    }
}

fn note_failure(survey: &mut Survey, failure: &DialFailure) {
    match failure.step {
        Step::Name => survey.lookup_failed = Some(failure.what.clone()),
        Step::Tls => survey.tls_failed = Some(failure.what.clone()),
        Step::Http | Step::Protocol if survey.handshake.is_none() => {
            survey.handshake = Some(Handshake {
                wrong: vec![failure.what.clone()],
                advice: Some(failure.advice.clone()),
                ..Handshake::default()
            });
        }
        Step::Tcp | Step::Proxy | Step::Http | Step::Protocol | Step::Token => {}
    }
}
