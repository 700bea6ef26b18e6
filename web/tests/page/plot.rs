use heartline_core::{echo::Event, time::Duration};
use heartline_web::model::{
    plot::{HEIGHT, Outcome, Plot, SHOWN, WIDTH},
    probes::Probes,
};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn the_scale_is_round_and_everything_fits() {
    let plot = Plot::of(&[back(3), back(70), Outcome::Waiting]);
    assert_eq!(plot.top_ms, 100.0);
    assert_eq!(plot.dots.len(), 2);
    assert!(plot.dots.iter().all(|(x, y)| (0.0..=WIDTH).contains(x) && (0.0..=HEIGHT).contains(y)));
}

#[wasm_bindgen_test]
fn a_lost_probe_breaks_the_line() {
    let plot = Plot::of(&[back(1), back(2), Outcome::Lost, back(3), Outcome::Unknown, back(4)]);
    assert_eq!((plot.lost.len(), plot.lines.len()), (1, 3));
}

#[wasm_bindgen_test]
fn nothing_and_absurd_times_can_be_drawn() {
    assert!(Plot::of(&[]).dots.is_empty());
    let plot = Plot::of(&[Outcome::Back(Duration::MAX), Outcome::Back(Duration::ZERO)]);
    assert!(plot.dots.iter().all(|(_, y)| y.is_finite()));
}

#[wasm_bindgen_test]
fn only_the_latest_probes_are_kept_and_found_by_number() {
    let mut probes = Probes::default();
    let last = SHOWN as u64 + 30;
    for number in 1..=last {
        assert!(probes.take(&Event::ProbeSent { number }));
    }
    assert!(probes.take(&Event::ProbeLost { number: 1 }), "long off the edge");
    assert!(probes.take(&Event::ProbeLost { number: last }));
    assert_eq!(probes.plot().lost.len(), 1);
    assert!(!probes.take(&Event::Unanswered(vec![])));
}

fn back(ms: u64) -> Outcome {
    Outcome::Back(Duration::from_millis(ms))
}
