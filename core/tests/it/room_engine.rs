//! The history in memory: order, dedupe, and what it lets go of.

use heartline_core::room::Identity;
use heartline_core::room::engine::{Appended, Draft, Engine, Memory, MemoryConfig, Most, Refusal};
use heartline_core::wire::{Colour, Lane, Style};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const ALL: Most = Most { messages: usize::MAX, bytes: usize::MAX };

#[test]
fn ids_are_taken_in_rising_order_only() {
    let mut memory = Memory::new(MemoryConfig::default(), 1);
    assert_eq!(seq(memory.append("tea", draft("ann", 5, "five"))), Ok(1));
    assert_eq!(memory.append("tea", draft("ann", 4, "four")), Err(Refusal::Expired));
    assert_eq!(seq(memory.append("tea", draft("ann", 9, "nine"))), Ok(2));
    assert_eq!(seq(memory.append("tea", draft("bob", 4, "four"))), Ok(3));
    assert_eq!(seq(memory.append("coffee", draft("ann", 4, "four"))), Ok(1));
}

#[test]
fn a_repeat_is_known_by_its_content() {
    let mut memory = Memory::new(MemoryConfig::default(), 1);
    let mut styled = draft("ann", 1, "hi");
    styled.style = Some(Style { colour: Some(Colour { red: 1, green: 2, blue: 3 }), lane: Lane::Top });
    assert_eq!(seq(memory.append("tea", styled.clone())), Ok(1));
    let renamed = Draft { name: "Ann".into(), at: 99, ..styled.clone() };
    assert_eq!(memory.append("tea", renamed), Ok(Appended::Repeat(1)));
    assert_eq!(memory.append("tea", draft("ann", 1, "hi")), Err(Refusal::IdReused));
    let other = Draft { style: Some(Style::default()), ..styled };
    assert_eq!(memory.append("tea", other), Err(Refusal::IdReused));
}

#[test]
fn an_ancient_repeat_is_never_posted_twice() {
    let config = MemoryConfig { messages_per_room: 10, ..MemoryConfig::default() };
    let mut memory = Memory::new(config, 1);
    for id in 1..=30 {
        memory.append("tea", draft("ann", id, "hi")).unwrap();
    }
    assert_eq!(memory.append("tea", draft("ann", 3, "hi")), Err(Refusal::Expired));
    assert_eq!(memory.append("tea", draft("ann", 25, "hi")), Ok(Appended::Repeat(25)));
}

#[test]
fn pages_are_bounded_and_say_whether_there_is_more() {
    let mut memory = Memory::new(MemoryConfig::default(), 1);
    for id in 1..=20 {
        memory.append("tea", draft("ann", id, "hi")).unwrap();
    }
    let few = Most { messages: 5, bytes: usize::MAX };
    let page = memory.read_after("tea", 3, few).unwrap();
    assert_eq!((seqs(&page), page.more, page.last), (vec![4, 5, 6, 7, 8], true, 20));
    let page = memory.read_after("tea", 17, few).unwrap();
    assert_eq!((seqs(&page), page.more), (vec![18, 19, 20], false));
    let page = memory.read_before("tea", 4, few).unwrap();
    assert_eq!((seqs(&page), page.more), (vec![1, 2, 3], false));
    let page = memory.read_before("tea", u64::MAX, few).unwrap();
    assert_eq!((seqs(&page), page.more), (vec![16, 17, 18, 19, 20], true));
    let tiny = Most { messages: 5, bytes: 1 };
    assert_eq!(
        seqs(&memory.read_after("tea", 0, tiny).unwrap()),
        [1],
        "at least one, or reading never gets on"
    );
    assert!(seqs(&memory.read_after("tea", 99, ALL).unwrap()).is_empty());
}

#[test]
fn a_room_keeps_no_more_than_it_may() {
    let config = MemoryConfig { messages_per_room: 100, bytes_per_room: 20_000, ..MemoryConfig::default() };
    let mut memory = Memory::new(config, 1);
    for id in 1..=1000 {
        memory.append("tea", draft("ann", id, &"x".repeat(id as usize % 300))).unwrap();
        assert!(memory.bytes() <= 20_000);
    }
    let page = memory.read_after("tea", 0, ALL).unwrap();
    assert!(page.entries.len() <= 100);
    assert_eq!(page.entries.last().map(|entry| (entry.seq, entry.prev)), Some((1000, 999)));
}

#[test]
fn all_rooms_together_keep_no_more_than_they_may() {
    let config = MemoryConfig { bytes: 50_000, ..MemoryConfig::default() };
    let mut memory = Memory::new(config, 1);
    memory.append("small", draft("ann", 1, "still here")).unwrap();
    for id in 1..=2000 {
        memory.append(&format!("room {}", id % 7), draft("ann", id, &"x".repeat(100))).unwrap();
        assert!(memory.bytes() <= 50_000, "{}", memory.bytes());
    }
    assert_eq!(memory.read_after("small", 0, ALL).unwrap().entries.len(), 1, "the largest is trimmed");
}

#[test]
fn a_room_nobody_is_in_makes_place_and_begins_a_new_epoch() {
    let config = MemoryConfig { rooms: 2, ..MemoryConfig::default() };
    let mut memory = Memory::new(config, 1);
    let old = memory.open("old").unwrap().epoch;
    memory.append("old", draft("ann", 1, "hi")).unwrap();
    memory.open("young").unwrap();
    assert!(memory.open("third").is_err(), "both are in use");
    memory.close("old");
    memory.close("young");
    memory.open("third").unwrap();
    let anew = memory.open("old").unwrap();
    assert_ne!(anew.epoch, old);
    assert_eq!(anew.last, 0);
    assert_eq!(memory.rooms(), 2);
}

#[test]
fn authors_are_forgotten_only_when_their_outboxes_have_forgotten_too() {
    const DAY: u64 = 24 * 3600 * 1000;
    let config = MemoryConfig { authors: 3, messages_per_room: 1, ..MemoryConfig::default() };
    let mut memory = Memory::new(config, 1);
    for (who, at) in [("ann", 0), ("bob", DAY + DAY / 2), ("eve", DAY + DAY / 2)] {
        memory.append("tea", Draft { at, ..draft(who, 5, "hi") }).unwrap();
    }
    let refused = memory.append("tea", Draft { at: DAY / 2, ..draft("tom", 1, "hi") });
    assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{refused:?}");
    let repeat = memory.append("tea", Draft { at: 2 * DAY, ..draft("ann", 5, "hi") });
    assert_eq!(repeat, Err(Refusal::Expired));
    assert!(memory.append("tea", Draft { at: 2 * DAY + 1, ..draft("tom", 1, "hi") }).is_ok());
    let repeat = memory.append("tea", Draft { at: 2 * DAY + 2, ..draft("bob", 5, "hi") });
    assert_eq!(repeat, Err(Refusal::Expired));
}

#[test]
fn who_one_is_cannot_be_made_up() {
    let ann = Identity::of("a secret", None);
    assert_eq!(ann, Identity::of("a secret", None));
    assert_ne!(ann, Identity::of("another secret", None));
    assert_ne!(ann, Identity::of("a secret", Some("subject")));
    assert_ne!(Identity::of("ab", Some("c")), Identity::of("a", Some("bc")));
    assert_eq!(ann.to_string().len(), 16);
}

fn draft(who: &str, id: u64, text: &str) -> Draft {
    Draft { from: Identity::of(who, None), name: who.into(), id, at: 0, text: text.into(), style: None }
}

fn seq(appended: Result<Appended, Refusal>) -> Result<u64, Refusal> {
    appended.map(|appended| match appended {
        Appended::New(entry) => entry.seq,
        Appended::Repeat(seq) => panic!("a repeat of {seq}"),
    })
}

fn seqs(page: &heartline_core::room::engine::Page) -> Vec<u64> {
    page.entries.iter().map(|entry| entry.seq).collect()
}
