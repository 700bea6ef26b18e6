//! Brokers that do not let everybody in, and how they are told who we are.

use heartline::server::history::{History, HistoryConfig, NatsConfig, is_ready};
use tempfile::TempDir;

use super::caller::{Caller, draft};
use super::nats::Nats;

/// A pair of keys that the broker's own documentation shows.
const SEED: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
const PUBLIC: &str = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";

#[tokio::test]
async fn a_user_and_a_password_stand_in_the_address() {
    let place = Nats::told("authorization { user: ada, password: \"s:cret\" }").await;
    works(&login(&place, "ada:s%3Acret@")).await;
    for wrong in ["", "ada:secret@", "bob:s%3Acret@", "s%3Acret@"] {
        let told = refused(&login(&place, wrong)).await;
        assert!(told.contains("look at the credentials"), "{told}");
        assert!(!told.contains("cret"), "{told}");
    }
}

#[tokio::test]
async fn a_token_stands_in_the_address() {
    let place = Nats::told("authorization { token: a-token }").await;
    works(&login(&place, "a-token@")).await;
    let told = refused(&login(&place, "another-token@")).await;
    assert!(told.contains("look at the credentials") && !told.contains("another-token"), "{told}");
}

#[tokio::test]
async fn a_seed_lies_in_a_file() {
    let place = Nats::told(&format!("authorization {{ users: [{{ nkey: {PUBLIC} }}] }}")).await;
    let files = tempfile::tempdir().unwrap();
    let with = |written: &str| {
        let path = files.path().join("seed");
        std::fs::write(&path, written).unwrap();
        NatsConfig { nkey: Some(path), ..place.config.clone() }
    };
    works(&with(&format!("# of the test\n{SEED}\n"))).await;
    let told = refused(&with("nothing of the kind\n")).await;
    assert!(told.contains("no seed in it") && !told.contains("of the kind"), "{told}");
    let told = refused(&with("SUANOTHING\n")).await;
    assert!(told.contains("look at the credentials") && !told.contains("SUANOTHING"), "{told}");
    assert!(refused(&place.config).await.contains("look at the credentials"));
}

#[tokio::test]
async fn a_broker_with_tls_is_trusted_by_whoever_knows_its_signer() {
    let files = Certificates::new();
    let place = Nats::told(&files.config("")).await;
    works(&NatsConfig { ca: Some(files.path("broker.pem")), ..place.config.clone() }).await;
    // By the broker's own words, without a flag: it is asked for, and the signer is unknown.
    let told = refused(&place.config).await;
    assert!(told.contains("no TLS with the broker") && told.contains("certificates"), "{told}");
    let stranger = NatsConfig { ca: Some(files.path("ours.pem")), ..place.config.clone() };
    assert!(refused(&stranger).await.contains("no TLS with the broker"));
    // Where it is asked for and the broker has none, nothing is said in the clear.
    let plain = Nats::alone().await;
    let asks = NatsConfig { ca: Some(files.path("broker.pem")), ..plain.config.clone() };
    assert!(is_kept_out(&asks).await, "a broker without TLS was taken");
}

#[tokio::test]
async fn a_broker_that_asks_for_a_certificate_is_shown_ours() {
    let files = Certificates::new();
    let place = Nats::told(&files.config("verify: true, ")).await;
    let ca = Some(files.path("broker.pem"));
    let ours = Some((files.path("ours.pem"), files.path("ours.key")));
    works(&NatsConfig { ca: ca.clone(), certificate: ours, ..place.config.clone() }).await;
    assert!(is_kept_out(&NatsConfig { ca, ..place.config.clone() }).await, "we were let in without one");
}

/// The broker's certificate, and one of ours. Each is signed by itself.
struct Certificates(TempDir);

impl Certificates {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        for name in ["broker", "ours"] {
            let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
            std::fs::write(files.path(&format!("{name}.pem")), made.cert.pem()).unwrap();
            std::fs::write(files.path(&format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
        }
        files
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn config(&self, more: &str) -> String {
        let path = |name| self.path(name).display().to_string();
        let (cert, key, ours) = (path("broker.pem"), path("broker.key"), path("ours.pem"));
        format!("tls {{ {more}cert_file: \"{cert}\", key_file: \"{key}\", ca_file: \"{ours}\" }}")
    }
}

/// As an address with that before the host.
fn login(place: &Nats, before: &str) -> NatsConfig {
    let url = place.broker.url().replace("nats://", &format!("nats://{before}"));
    NatsConfig::new(url.parse().unwrap())
}

async fn works(config: &NatsConfig) {
    let history = History::open(&HistoryConfig::Nats(config.clone())).await.unwrap();
    let mut caller = Caller::of(history).await;
    caller.enter("tea").await;
    caller.append("tea", draft("ann", 1, "hi")).await.unwrap();
    caller.close().await;
}

/// Whether there is no history to be had. Where the refusal looks like a broker that hangs up, it is waited for, in vain.
async fn is_kept_out(config: &NatsConfig) -> bool {
    match History::open(&HistoryConfig::Nats(config.clone())).await {
        Ok(history) => !is_ready(&history.desk.health()),
        Err(_) => true,
    }
}

async fn refused(config: &NatsConfig) -> String {
    match History::open(&HistoryConfig::Nats(config.clone())).await {
        Ok(_) => panic!("{config:?} was taken"),
        Err(error) => error.to_string(),
    }
}
