//! What is measured.

use std::time::{Duration, Instant};

use crate::member::{Heard, Member};
use crate::place::Place;
use crate::talk::{Load, Outcome, percentile, talk};

/// Many and short, so that what else the machine does falls on all alike; odd, so that there is a median.
const TURNS: usize = 9;

const ROOMS_OF_FIVE: Load = Load { rooms: 40, members: 5, writers: 5, messages: 90, in_flight: 4 };

/// Accepted messages per second, each history in turn.
pub(crate) async fn histories() {
    let places = Place::all().await;
    let mut turns: Vec<Vec<Outcome>> = places.iter().map(|_| Vec::new()).collect();
    let mut used = vec![0.0; places.len()];
    for turn in 0..TURNS {
        for (n, place) in places.iter().enumerate() {
            let before = place.processor_micros();
            turns[n].push(talk(place.address, &format!("turn {turn}"), ROOMS_OF_FIVE).await);
            used[n] += place.processor_micros() - before;
        }
    }
    let Load { rooms, members, in_flight, .. } = ROOMS_OF_FIVE;
    println!("{rooms} rooms of {members}, all talk, {in_flight} in flight each; median of {TURNS} turns");
    let head = ["history", "accepted/s", "ratio", "p50", "p99", "last p50", "last p99", "server µs"];
    println!("{}", head.map(|word| format!("{word:>15}")).concat());
    let rates: Vec<f64> = turns.iter().map(|turns| median(turns.iter().map(rate))).collect();
    for (n, place) in places.iter().enumerate() {
        let ms = |pick: fn(&Outcome) -> &[Duration], hundredths| {
            let all = turns[n].iter().map(|turn| percentile(pick(turn), hundredths).as_secs_f64() * 1000.0);
            format!("{:.1} ms", median(all))
        };
        let accepted: usize = turns[n].iter().map(|turn| turn.accepted).sum();
        let cells = [
            place.name.to_owned(),
            format!("{:.0}", rates[n]),
            format!("{:.2}", rates[n] / rates[0]),
            ms(|turn| &turn.until_accepted, 50),
            ms(|turn| &turn.until_accepted, 99),
            ms(|turn| &turn.until_last, 50),
            ms(|turn| &turn.until_last, 99),
            format!("{:.1}", used[n] / accepted as f64),
        ];
        println!("{}", cells.map(|cell| format!("{cell:>15}")).concat());
    }
}

/// Deliveries per second in one large room.
pub(crate) async fn fan_out() {
    const LARGE: Load = Load { rooms: 1, members: 1000, writers: 50, messages: 8, in_flight: 1 };
    let place = Place::memory().await;
    let before = place.processor_micros();
    let mut turns = Vec::new();
    for turn in 0..TURNS {
        turns.push(talk(place.address, &format!("turn {turn}"), LARGE).await);
    }
    let delivered: usize = turns.iter().map(|turn| turn.delivered).sum();
    println!(
        "a room of {}: {:.0} deliveries/s, median of {TURNS} turns; {:.2} µs of the server each; say to last member p50 {:.1?}, p99 {:.1?}",
        LARGE.members,
        median(turns.iter().map(|turn| turn.delivered as f64 / turn.took.as_secs_f64())),
        (place.processor_micros() - before) / delivered as f64,
        percentile(&turns[TURNS / 2].until_last, 50),
        percentile(&turns[TURNS / 2].until_last, 99),
    );
}

/// Whether a message costs more the more there are before it: one room, new and with a million messages, in turns.
pub(crate) async fn length() {
    const ONE_ROOM: Load = Load { rooms: 1, members: 5, writers: 5, messages: 90, in_flight: 20 };
    let places = [
        Place::long("empty", "always the same 0", 0).await,
        Place::long("1,000,000 long", "always the same 0", 1_000_000).await,
    ];
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..3 * TURNS {
        for (place, costs) in places.iter().zip(&mut costs) {
            let before = place.processor_micros();
            let turn = talk(place.address, "always the same", ONE_ROOM).await;
            costs.push((rate(&turn), (place.processor_micros() - before) / turn.accepted as f64));
        }
    }
    for (place, costs) in places.iter().zip(&costs) {
        let used = costs.iter().map(|cost| cost.1).sum::<f64>() / costs.len() as f64;
        let rate = median(costs.iter().map(|cost| cost.0));
        println!("{:>15}: {rate:.0} accepted/s, {used:.1} µs of the server each", place.name);
    }
}

/// What an idle member costs.
pub(crate) async fn idle() {
    const ROOMS: usize = 100;
    const MEMBERS: usize = 10_000;
    let place = Place::memory().await;
    // What a server allocates once is no cost of the others.
    let mut members = vec![Member::join(place.address, "room 0", None).await.0];
    let before = place.resident_bytes();
    let started = Instant::now();
    for n in 0..MEMBERS {
        members.push(Member::join(place.address, &format!("room {}", n % ROOMS), None).await.0);
    }
    let came = started.elapsed();
    // The rooms tell who came once a second; when that is over, all are idle.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let each = place.resident_bytes().saturating_sub(before) / MEMBERS as u64;
    println!(
        "{MEMBERS} idle members in {ROOMS} rooms: {each} bytes of the server each; they came in {came:.1?}"
    );
}

/// What others notice while somebody reads a long history.
pub(crate) async fn catch_up() {
    const MESSAGES: u64 = 100_000;
    let places = Place::all().await;
    for place in places.iter().filter(|place| place.name != "memory") {
        // Few at a time, or they would mostly hear each other.
        const WRITERS: Load = Load { rooms: 1, members: 5, writers: 5, messages: 90, in_flight: 20 };
        let mut last = 0;
        while last < MESSAGES {
            talk(place.address, "long", WRITERS).await;
            last += (WRITERS.writers * WRITERS.messages) as u64;
        }
        let quiet = small_talk(place, Duration::from_secs(3)).await;
        let before = place.resident_bytes();
        let started = Instant::now();
        let reading = tokio::spawn({
            let address = place.address;
            async move {
                let (mut member, last) = Member::join(address, "long 0", Some(0)).await;
                let mut read = 0;
                loop {
                    if let Heard::Said { seq, .. } = member.hear().await {
                        read += 1;
                        if seq >= last {
                            return (read, started.elapsed());
                        }
                    }
                }
            }
        });
        let mut most = 0;
        let mut meanwhile = Vec::new();
        while !reading.is_finished() {
            meanwhile.extend(small_talk(place, Duration::from_millis(200)).await);
            most = most.max(place.resident_bytes());
        }
        let (read, took): (u64, Duration) = reading.await.unwrap();
        meanwhile.sort();
        println!(
            "{:>15}: {read} messages caught up in {took:.1?}; the server grew by {} KiB; another room's p99 was {:.1?}, before {:.1?}",
            place.name,
            most.saturating_sub(before) / 1024,
            percentile(&meanwhile, 99),
            percentile(&quiet, 99),
        );
    }
}

/// Two in a room of their own, one message after another; how long each took to the other, sorted.
async fn small_talk(place: &Place, most: Duration) -> Vec<Duration> {
    const PAIR: Load = Load { rooms: 1, members: 2, writers: 1, messages: 10, in_flight: 1 };
    let started = Instant::now();
    let mut took = Vec::new();
    while started.elapsed() < most {
        took.extend(talk(place.address, "two", PAIR).await.until_last);
    }
    took.sort();
    took
}

fn rate(turn: &Outcome) -> f64 {
    turn.accepted as f64 / turn.took.as_secs_f64()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
