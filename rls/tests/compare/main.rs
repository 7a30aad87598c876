//! `compare` against random policies in random worlds, and what people see of it.
#![cfg(test)]

#[expect(dead_code, reason = "the test of random policies uses the rest")]
#[path = "../random/bench.rs"]
mod bench;
#[path = "../random/catalogue.rs"]
mod catalogue;
#[expect(dead_code, reason = "the test of random policies uses the rest")]
#[path = "../random/cell.rs"]
mod cell;
#[path = "../support/dice.rs"]
mod dice;
#[path = "../random/door.rs"]
mod door;
#[expect(dead_code, reason = "the test of random policies uses the rest")]
#[path = "../random/expected.rs"]
mod expected;
#[expect(dead_code, reason = "the test of random policies uses the rest")]
#[path = "../random/person.rs"]
mod person;
#[path = "../random/policy.rs"]
mod policy;
#[path = "../random/sort.rs"]
mod sort;
#[path = "../random/through.rs"]
mod through;
#[expect(dead_code, reason = "the test of random policies uses the rest")]
#[path = "../random/world.rs"]
mod world;

mod command;
mod replay;

use bench::Bench;
use cell::{Act, Cell};
use countersign_rls::compare::{CompareError, Comparison, Direction, Side, compare_within};
use dice::Dice;
use policy::{Draft, Refusals};
use policy_core::{Decision, compile};
use world::World;

const NOW: i64 = 1_767_268_800_000_000;
const WORLDS: usize = 8;
const PAIRS: usize = 8;
const CELLS: usize = 150;
/// What is larger takes too long for a test.
const MOST: u64 = 12_000;

fn side(world: &World, text: &str) -> Option<Side> {
    let (policy, _) = compile(text, &world.catalogue).ok()?;
    Some(Side {
        policy,
        catalogue: world.catalogue.clone(),
    })
}

/// What of a comparison accounts for a statement that turned out differently.
fn accounts(comparison: &Comparison, table: &str, act: &Act, direction: Direction) -> bool {
    let actions: &[&str] = match act {
        Act::Select | Act::Through(_) => &["select"],
        Act::Update(..) => &["update", "select"],
        Act::Delete(_) => &["delete", "select"],
        Act::Insert(_) | Act::Ignore(..) => &["insert", "insert returning", "select"],
        Act::Merge(_) => &["insert", "insert returning", "update", "upsert", "select"],
    };
    comparison.changes.iter().any(|change| {
        change.object == table
            && change.direction == direction
            && actions.contains(&change.action.as_str())
    })
}

/// Whatever differs is told, what is told differs, and equal is equal.
#[test]
fn random_policies_differ_as_told() {
    let seed = dice::seed("COUNTERSIGN_RANDOM_SEED");
    let worlds = dice::number("COUNTERSIGN_COMPARE_WORLDS", WORLDS);
    let mut dice = Dice::new(seed);
    let (mut equal, mut different, mut large) = (0, 0, 0);
    let (mut replayed, mut differing) = (0, 0);
    for _ in 0..worlds {
        let world = World::random(false, &mut dice);
        for _ in 0..PAIRS {
            let first = Draft::random(&world, &mut dice, &mut Refusals::default());
            let second = match dice.below(4) {
                0 => Draft::random(&world, &mut dice, &mut Refusals::default()),
                // What leaves out something: mostly a small difference, often none.
                _ => {
                    let mut smaller = first.smaller();
                    smaller.retain(|draft| side(&world, &draft.to_string()).is_some());
                    if smaller.is_empty() {
                        continue;
                    }
                    dice.pick(&smaller).clone()
                }
            };
            let (mut texts, swap) = ([first.to_string(), second.to_string()], dice.once_in(2));
            if swap {
                texts.reverse();
            }
            let (Some(old), Some(new)) = (side(&world, &texts[0]), side(&world, &texts[1])) else {
                panic!("the checker changed its mind");
            };
            let comparison = match compare_within(&old, &new, NOW, MOST) {
                Ok(comparison) => comparison,
                Err(CompareError::TooMany { .. }) => {
                    large += 1;
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            let context = || format!("seed {seed}\n--- old\n{}--- new\n{}", texts[0], texts[1]);
            if comparison.changes.is_empty() {
                equal += 1;
            } else {
                different += 1;
            }
            for _ in 0..CELLS {
                let policy = if dice.once_in(2) {
                    &old.policy
                } else {
                    &new.policy
                };
                let cell = Cell::random(&world, policy, &mut dice);
                let [before, after] = [&old.policy, &new.policy].map(|policy| {
                    let bench = Bench {
                        world: &world,
                        policy,
                        now: NOW,
                    };
                    bench.expect(&cell)
                });
                if before.is_open() || after.is_open() {
                    continue;
                }
                let applies = |answer: &Decision| matches!(answer, Decision::Applies(_));
                for (was, is) in before.answers.iter().zip(&after.answers) {
                    let direction = match (applies(was), applies(is)) {
                        (false, true) => Direction::Gains,
                        (true, false) => Direction::Loses,
                        _ => continue,
                    };
                    differing += 1;
                    let table = world.stages[cell.table].name;
                    assert!(
                        accounts(&comparison, table, &cell.act, direction),
                        "{direction:?} is not told: {cell:?}\n{was:?} -> {is:?}\n{comparison:#?}\n{}",
                        context()
                    );
                }
            }
            for change in &comparison.changes {
                if let Some(differs) = replay::differs(&world, [&old, &new], change) {
                    replayed += 1;
                    assert!(differs, "{change:#?} is told, and is not so\n{}", context());
                }
            }
            // The way back is the same the other way round.
            let Ok(back) = compare_within(&new, &old, NOW, MOST) else {
                continue;
            };
            assert_eq!(
                back.changes.is_empty(),
                comparison.changes.is_empty(),
                "{}",
                context()
            );
        }
    }
    eprintln!(
        "{equal} equal, {different} different, {large} too large; {replayed} examples, {differing} random differences"
    );
    if worlds >= WORLDS {
        assert!(
            equal >= 3 && different >= 8,
            "{equal} equal, {different} different"
        );
        assert!(
            replayed >= 10 && differing >= 30,
            "{replayed} examples, {differing} cells"
        );
    }
}
