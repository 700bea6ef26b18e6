//! Bullet comments: none covers another, whatever happens, and all are accounted for.

use heartline_core::stage::{BadSetting, Flight, PATIENCE, ROWS, Setting, Stage, WAITING};
use heartline_core::time::{Duration, Instant};
use heartline_core::wire::Lane;
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::fixed;

const FRAME: Duration = Duration::from_millis(16);

/// What is drawn of a stage: what a page would have in its document.
struct Screen {
    stage: Stage<f64>,
    now: Instant,
    width: f64,
    offered: u64,
    on_stage: Vec<Drawn>,
}

/// A comment in motion. A comment *is* its width here.
struct Drawn {
    flight: Flight<f64>,
    from: f64,
    age: Duration,
}

impl Drawn {
    /// From where to where it reaches.
    fn span(&self) -> (f64, f64) {
        let part = self.age.as_secs_f64() / self.flight.lasts.as_secs_f64();
        let left = if self.flight.flies { self.from - (self.from + self.flight.comment) * part } else { 0.0 };
        (left, left + self.flight.comment)
    }
}

impl Screen {
    fn new(setting: Setting, width: f64, rows: usize) -> Self {
        let mut stage = Stage::new(setting);
        stage.resize(width, rows);
        Self { stage, now: Instant::now(), width, offered: 0, on_stage: Vec::new() }
    }

    fn offer(&mut self, width: f64, lane: Lane) {
        self.offered += 1;
        self.stage.offer(self.now, width, lane);
    }

    /// Draws what there is to draw, and says in which rows something begins.
    fn draw(&mut self) -> Vec<usize> {
        let mut rows = Vec::new();
        while let Some(flight) = self.stage.poll_flight(self.now, |width| *width) {
            rows.push(flight.row);
            self.on_stage.push(Drawn { flight, from: self.width, age: Duration::ZERO });
        }
        rows
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        if !self.stage.is_paused() {
            self.on_stage.iter_mut().for_each(|drawn| drawn.age += time);
            self.on_stage.retain(|drawn| drawn.age < drawn.flight.lasts);
        }
    }

    fn covered(&self) -> Option<(&Drawn, &Drawn)> {
        let pairs = self
            .on_stage
            .iter()
            .enumerate()
            .flat_map(|(n, one)| self.on_stage[..n].iter().map(move |other| (one, other)));
        pairs.into_iter().find(|(one, other)| {
            let ((a, b), (c, d)) = (one.span(), other.span());
            let alike = one.flight.flies == other.flight.flies && one.flight.row == other.flight.row;
            // Two that stand in one row cover each other, whatever their widths: both are in the middle.
            alike && (!one.flight.flies || (a < d && c < b))
        })
    }
}

fn setting(seconds: u64, density: u8) -> Setting {
    let lasts = Duration::from_secs(seconds);
    Setting::default().with_lasts(lasts).and_then(|it| it.with_density(density)).unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    Offer(f64, Lane),
    Wait(u64),
    Resize(f64, usize),
    Set(Setting, bool),
    Pause,
    Resume,
}

fn step() -> impl Strategy<Value = Step> {
    let lane = prop_oneof![4 => Just(Lane::Scroll), 1 => Just(Lane::Top), 1 => Just(Lane::Bottom)];
    let setting = (2_u64..=30, 1_u8..=100, any::<bool>())
        .prop_map(|(seconds, density, moves)| Step::Set(setting(seconds, density), moves));
    prop_oneof![
        12 => (0.0..1500.0, lane).prop_map(|(width, lane)| Step::Offer(width, lane)),
        8 => (0_u64..3000).prop_map(Step::Wait),
        1 => (0.0..2000.0, 0_usize..20).prop_map(|(width, rows)| Step::Resize(width, rows)),
        1 => setting,
        1 => Just(Step::Pause),
        1 => Just(Step::Resume),
    ]
}

#[test]
fn none_covers_another_and_all_are_accounted_for() {
    let mut runner = proptest::test_runner::TestRunner::new(fixed(200));
    let cases = proptest::collection::vec(step(), 1..150);
    runner
        .run(&cases, |steps| {
            let mut screen = Screen::new(Setting::default(), 800.0, 5);
            let mut waiting = 0;
            let mut rows = 5;
            for step in steps {
                match step {
                    Step::Offer(width, lane) => screen.offer(width, lane),
                    Step::Wait(ms) => {
                        // At some moments between, too.
                        for _ in 0..4 {
                            screen.wait(Duration::from_millis(ms / 4));
                            prop_assert!(screen.covered().is_none());
                        }
                    }
                    Step::Resize(width, height) => {
                        screen.width = width;
                        rows = height;
                        screen.stage.resize(width, height);
                    }
                    Step::Set(setting, moves) => {
                        screen.stage.set(setting);
                        screen.stage.set_moves(moves);
                    }
                    Step::Pause => screen.stage.pause(screen.now),
                    Step::Resume => screen.stage.resume(screen.now),
                }
                for row in screen.draw() {
                    prop_assert!(row < rows, "row {row} of {rows}");
                }
                prop_assert!(screen.covered().is_none());
                let (shown, dropped) = (screen.stage.shown(), screen.stage.dropped());
                waiting = screen.offered - shown - dropped;
                prop_assert!(waiting <= WAITING as u64);
                prop_assert_eq!(waiting > 0, screen.stage.is_waiting());
            }
            // Nobody waits for ever.
            screen.stage.resume(screen.now);
            screen.wait(PATIENCE + FRAME);
            screen.stage.resize(100.0, 1);
            screen.draw();
            prop_assert!(!screen.stage.is_waiting(), "{waiting} waited");
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_flood_is_shown_as_far_as_there_is_room_and_the_rest_is_counted() {
    let mut screen = Screen::new(setting(8, 100), 800.0, 10);
    for n in 0..10_000_u32 {
        if n % 16 == 0 {
            screen.draw();
        }
        screen.offer(f64::from(40 + n % 200), Lane::Scroll);
        screen.wait(Duration::from_millis(1));
        assert!(screen.covered().is_none());
    }
    let (shown, dropped) = (screen.stage.shown(), screen.stage.dropped());
    assert!(shown + dropped <= 10_000 && shown + dropped >= 10_000 - WAITING as u64);
    // A row takes the next when the one before is in: about 150 wide, at about 120 a second, on ten rows.
    assert!((50..200).contains(&shown), "{shown} of 10,000 in ten seconds");
}

#[test]
fn who_flies_takes_the_first_free_row_and_who_stands_is_before_it() {
    let mut screen = Screen::new(setting(8, 100), 800.0, 4);
    screen.offer(100.0, Lane::Scroll);
    screen.offer(100.0, Lane::Top);
    screen.offer(100.0, Lane::Bottom);
    screen.offer(100.0, Lane::Scroll);
    assert_eq!(screen.draw(), [0, 1, 0, 3], "by lanes: two that fly, then top, then bottom");
    screen.wait(Duration::from_secs(3));
    screen.offer(100.0, Lane::Top);
    screen.offer(100.0, Lane::Scroll);
    screen.offer(100.0, Lane::Bottom);
    assert_eq!(
        screen.draw(),
        [0, 1, 2],
        "who stands has the row for all of the time, who flies only until the next may follow"
    );
    screen.offer(100.0, Lane::Top);
    assert!(screen.draw().is_empty(), "by now one stands in each row");
}

#[test]
fn a_long_one_does_not_catch_up_with_a_short_one() {
    let mut screen = Screen::new(setting(8, 100), 800.0, 1);
    screen.offer(50.0, Lane::Scroll);
    screen.offer(1600.0, Lane::Scroll);
    assert_eq!(screen.draw(), [0]);
    // The short one has come in whole, but goes 106 a second, and the long one would go 300.
    screen.wait(Duration::from_secs(1));
    assert!(screen.draw().is_empty());
    screen.wait(Duration::from_secs(1));
    screen.offer(50.0, Lane::Scroll);
    screen.wait(Duration::from_millis(500));
    assert_eq!(
        screen.draw(),
        [0],
        "the long one has waited too long; who is as short as the first may follow"
    );
    assert_eq!(screen.stage.dropped(), 1);
}

#[test]
fn where_nothing_moves_all_stand() {
    let mut screen = Screen::new(setting(8, 100), 800.0, 2);
    screen.stage.set_moves(false);
    (0..3).for_each(|_| screen.offer(50.0, Lane::Scroll));
    assert_eq!(screen.draw(), [0, 1]);
    assert!(screen.on_stage.iter().all(|drawn| !drawn.flight.flies));
}

#[test]
fn density_is_the_part_of_the_rows_that_is_used() {
    for (density, rows, used) in [(100, 10, 10), (50, 10, 5), (1, 10, 1), (25, 5, 2), (100, 1000, ROWS)] {
        let mut screen = Screen::new(setting(8, density), 800.0, rows);
        (0..WAITING).for_each(|_| screen.offer(50.0, Lane::Scroll));
        assert_eq!(screen.draw().len(), used, "{density} percent of {rows}");
    }
}

#[test]
fn a_pause_costs_nobody_anything() {
    let mut screen = Screen::new(setting(8, 100), 800.0, 1);
    screen.offer(50.0, Lane::Scroll);
    screen.offer(50.0, Lane::Scroll);
    screen.draw();
    screen.wait(Duration::from_millis(500));
    screen.stage.pause(screen.now);
    screen.wait(Duration::from_secs(3600));
    assert!(screen.draw().is_empty(), "nothing begins in a pause");
    screen.stage.resume(screen.now);
    assert!(screen.draw().is_empty(), "the first is still in the way");
    screen.wait(Duration::from_millis(500));
    assert_eq!(screen.draw(), [0], "the second has waited for a second");
    assert_eq!((screen.stage.shown(), screen.stage.dropped()), (2, 0));
}

#[test]
fn a_stage_without_room_shows_nothing_and_odd_widths_are_none() {
    let mut screen = Screen::new(Setting::default(), 0.0, 5);
    screen.offer(50.0, Lane::Scroll);
    assert!(screen.draw().is_empty());
    screen.stage.resize(f64::NAN, 5);
    assert!(screen.draw().is_empty());
    screen.stage.resize(800.0, 0);
    assert!(screen.draw().is_empty());
    screen.stage.resize(800.0, 1);
    screen.stage.clear();
    screen.offer(f64::INFINITY, Lane::Scroll);
    assert_eq!(screen.draw(), [0]);
}

#[test]
fn a_setting_that_cannot_work_does_not_construct_nor_is_it_read() {
    let usual = Setting::default();
    assert_eq!(usual.with_lasts(Duration::from_secs(1)), Err(BadSetting::Lasts));
    assert_eq!(usual.with_lasts(Duration::from_secs(31)), Err(BadSetting::Lasts));
    assert_eq!(usual.with_density(0), Err(BadSetting::Density));
    assert_eq!(usual.with_density(101), Err(BadSetting::Density));
    assert_eq!(usual.with_opacity(19), Err(BadSetting::Opacity));
    let setting = setting(12, 40).with_opacity(60).unwrap().with_colours(false);
    let json = setting.to_json();
    assert_eq!(json, r#"{"lasts_ms":12000,"density":40,"opacity":60,"coloured":false}"#);
    assert_eq!(Setting::from_json(&json), Ok(setting));
    assert_eq!(Setting::from_json("{}"), Ok(Setting::default()));
    assert_eq!(Setting::from_json(r#"{"density":0}"#), Err(BadSetting::Density));
    assert_eq!(Setting::from_json("none"), Err(BadSetting::Unreadable));
}
