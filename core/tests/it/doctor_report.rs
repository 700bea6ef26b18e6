//! A report as it is read again, and its lines as pictures.

use heartline_core::doctor::{
    Ending, Fate, How, Life, Mark, Picture, Report, ReportError, Sign, Standing, Story, Survey, TcpKeepalive,
    Watch,
};
use heartline_core::time::Duration;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_report_is_read_as_it_was_written() {
    let report = report();
    let json = serde_json::to_string_pretty(&report).unwrap();
    assert_eq!(Report::from_json(&json).unwrap(), report);
}

#[test]
fn what_is_no_report_is_refused_with_a_reason() {
    for text in ["", "hello", "[]", "{}", "{\"version\": \"one\"}", "{\"version\": 1}"] {
        let error = Report::from_json(text).unwrap_err();
        assert!(matches!(error, ReportError::Unreadable(_)), "{text}: {error}");
        assert!(error.to_string().contains("heartline doctor --json"), "{error}");
    }
    let error = Report::from_json("{\"version\": 7, \"lines\": []}").unwrap_err();
    assert!(matches!(error, ReportError::OtherVersion { found: 7 }), "{error}");
    let json = serde_json::to_string(&report()).unwrap();
    assert!(Report::from_json(&json[..json.len() / 2]).is_err(), "cut in the middle");
    // A time that no clock can show.
    assert!(Report::from_json(&json.replace("\"opened\":1.0", "\"opened\":-1e300")).is_err());
}

#[test]
fn a_picture_has_everything_at_its_time() {
    let [ended, stood] = stories();
    let longest = secs(40);
    let picture = Picture::of(&ended, longest);
    let at = |seconds: f64| (f64::from(Picture::AXIS) * seconds / 40.0).round() as u32;
    assert_eq!(picture.life, (at(1.0), at(20.0)));
    assert!(picture.ended);
    assert_eq!(picture.label, "20.0 s");
    assert_eq!(picture.asked, Some(at(20.0)));
    let middle = Picture::MIDDLE;
    let path = |place, to| format!("M{place} {middle}V{to}");
    assert_eq!(
        picture.frames,
        [
            (Sign::ClientData, path(at(8.0), middle - 14)),
            (Sign::ServerControl, path(at(8.0), middle + 7) + &path(at(16.0), middle + 7)),
        ],
        "what lies on top of each other is there once"
    );
    let picture = Picture::of(&stood, longest);
    assert_eq!((picture.ended, picture.probes, picture.frames), (false, vec![at(12.0)], Vec::new()));
    assert_eq!(stood.what_became(), "39.0 s: stood");
    assert_eq!(ended.what_became(), "19.0 s: close frame 4000 \"idle\"");
}

fn report() -> Report {
    let watch = Watch { lasted: secs(40), ..Watch::default() };
    let stories = stories().to_vec();
    Report::new(
        "ws://localhost/".into(),
        "now".into(),
        watch,
        Survey::default(),
        stories,
        TcpKeepalive::default(),
    )
}

fn stories() -> [Story; 2] {
    let mark = |seconds, sign| Mark { at: secs(seconds), sign };
    let ended = Story {
        number: 1,
        life: Life::Once,
        opened: secs(1),
        marks: vec![
            mark(8, Sign::ClientData),
            mark(8, Sign::ServerControl),
            mark(8, Sign::ServerControl),
            mark(16, Sign::ServerControl),
        ],
        probed: Some(secs(20)),
        fate: Fate::Ended(Ending {
            at: secs(20),
            how: How::CloseFrame { code: 4000, reason: "idle".into() },
        }),
    };
    let stood = Story {
        number: 2,
        life: Life::TcpKeepalive,
        opened: secs(1),
        marks: vec![mark(12, Sign::TcpProbe)],
        probed: None,
        fate: Fate::Stood(Standing { at: secs(40), proven: true }),
    };
    [ended, stood]
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
