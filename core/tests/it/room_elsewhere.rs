//! Members who are at other servers that share the history.

use heartline_core::room::engine::{MemoryConfig, Reply, Roster, ServerId};
use heartline_core::room::{HubConfig, Identity, SessionConfig};
use heartline_core::time::Duration;
use heartline_core::wire::{Member, ServerMessage};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::room_world::{World, secret};

#[test]
fn who_is_at_another_server_is_a_member() {
    let mut world = World::new();
    let ann = world.member("ann", &["tea"]);
    world.pass(Duration::from_secs(2));
    world.got(ann);
    tell(&mut world, 1, roster(&["bob", "eve"], 2));
    assert_eq!(changes(&mut world), (vec!["bob".to_owned(), "eve".to_owned()], vec![], 3));
    tell(&mut world, 2, roster(&["bob"], 1));
    assert_eq!(members(&world.got(ann)), None, "who is at two servers is one");
    tell(&mut world, 1, Roster::default());
    assert_eq!(changes(&mut world), (vec![], vec!["eve".to_owned()], 2), "bob is at the second");
    let late = world.member("late", &["tea"]);
    let got = world.got(late);
    let joined = got.iter().find_map(|message| {
        if let ServerMessage::Joined { members, total, .. } = message {
            Some((members.len(), *total))
        } else {
            None
        }
    });
    assert_eq!(joined, Some((3, 3)));
}

#[test]
fn who_comes_here_from_another_server_neither_comes_nor_goes() {
    let mut world = World::new();
    let ann = world.member("ann", &["tea"]);
    tell(&mut world, 1, Roster { members: vec![(of("bob"), "bob".into())], total: 1 });
    world.pass(Duration::from_secs(2));
    world.got(ann);
    let bob = world.member("bob", &["tea"]);
    tell(&mut world, 1, Roster::default());
    world.pass(Duration::from_secs(2));
    assert_eq!(members(&world.got(ann)), None);
    world.cut(bob);
    world.pass(Duration::from_secs(20));
    assert_eq!(members(&world.got(ann)), Some((vec![], vec!["bob".to_owned()], 1)));
}

#[test]
fn of_a_large_room_elsewhere_the_number_counts() {
    let config = HubConfig { members: 5, ..HubConfig::default() };
    let mut world = World::with(SessionConfig::default(), config, MemoryConfig::default());
    world.member("ann", &["tea"]);
    world.pass(Duration::from_secs(2));
    tell(&mut world, 1, roster(&["bob"], 1_000));
    assert_eq!(changes(&mut world), (vec![], vec![], 1_001));
    tell(&mut world, 1, roster(&["bob"], 900));
    assert_eq!(changes(&mut world), (vec![], vec![], 901), "without a name that came or went");
}

fn tell(world: &mut World, server: u64, roster: Roster) {
    let reply = Reply::There { room: "tea".into(), server: ServerId(server), roster };
    world.hub.handle_reply(world.now, reply);
    world.settle();
}

/// What a member that was there all the time hears in the next seconds: who joined, who left, how many there are.
fn changes(world: &mut World) -> (Vec<String>, Vec<String>, u64) {
    let ann = *world.clients.keys().next().unwrap();
    world.pass(Duration::from_secs(2));
    members(&world.got(ann)).expect("something is told")
}

fn members(got: &[ServerMessage]) -> Option<(Vec<String>, Vec<String>, u64)> {
    got.iter().find_map(|message| {
        let ServerMessage::Members { joined, left, total, .. } = message else { return None };
        let names = |members: &[Member]| {
            let mut names: Vec<String> = members.iter().map(|member| member.name.clone()).collect();
            names.sort();
            names
        };
        Some((names(joined), names(left), *total))
    })
}

fn roster(who: &[&str], total: u64) -> Roster {
    let mut members: Vec<_> = who.iter().map(|name| (of(name), (*name).into())).collect();
    members.sort();
    Roster { members, total }
}

/// Who a client of this world is to others.
fn of(who: &str) -> Identity {
    Identity::of(&secret(who), None)
}
