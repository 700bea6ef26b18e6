use heartline_core::time::{Duration, Instant};
use heartline_web::{clock::JumpDetector, model::words};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn a_wall_clock_that_ran_ahead_means_a_sleep() {
    let start = Instant::now();
    let mut detector = JumpDetector::new();
    assert!(!detector.observe(1_000_000.0, start), "the first look has nothing to compare");
    assert!(!detector.observe(1_060_500.0, start + Duration::from_secs(60)), "half a second is rounding");
    assert!(detector.observe(4_660_500.0, start + Duration::from_secs(61)), "an hour is not");
    assert!(!detector.observe(4_661_500.0, start + Duration::from_secs(62)), "told once");
    assert!(!detector.observe(1_000_000.0, start + Duration::from_secs(63)), "a clock set back is no sleep");
}

#[wasm_bindgen_test]
fn times_read_easily() {
    for (micros, words) in [(400, "0.4 ms"), (9_960, "9.9 ms"), (12_345, "12 ms"), (1_259_000, "1.25 s")] {
        assert_eq!(words::round_trip(Duration::from_micros(micros)), words);
    }
    for (seconds, words) in [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7_500, "2 h 5 min"),
        (90_000, "1 d 1 h"),
    ] {
        assert_eq!(words::span(Duration::from_secs(seconds)), words);
    }
    assert_eq!([words::size(1), words::size(12), words::size(65_536)], ["1 byte", "12 bytes", "64.0 KiB"]);
}
