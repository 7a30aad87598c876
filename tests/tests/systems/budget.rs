//! A month's budget for language models, under calls at once on connections of their own.

use std::sync::Barrier;
use std::thread;

use crate::support::Database;

const CALLERS: usize = 8;
const ROUNDS: usize = 25;
/// Each call may cost up to 7 cents, of a hundred, and costs 2 in the end; every third one is never settled.
const MOST: f64 = 7.0;
const COST: f64 = 2.0;
const BUDGET: f64 = 100.0;

/// Whatever comes between them, what is spent and under way together never exceeds the budget, and in
/// the end it is what the calls did cost and what was never settled.
#[test]
fn a_budget_holds_under_calls_at_once() {
    let Some(database) = Database::migrated("budget") else {
        return;
    };
    let together = Barrier::new(CALLERS);
    let call = |caller: usize| {
        let mut client = database.client();
        client.batch_execute("set role countersign_edge").unwrap();
        together.wait();
        let (mut settled, mut lost) = (0_u32, 0_u32);
        for round in 0..ROUNDS {
            let row = client
                .query_one(
                    "select said ->> 'reservation', (said ->> 'spent')::float8 from
                     (select countersign_edge.reserve_llm('agency', 'org', $1::float8::numeric, $2::float8::numeric) as said) as r",
                    &[&MOST, &BUDGET],
                )
                .unwrap();
            let (reservation, spent): (Option<String>, f64) = (row.get(0), row.get(1));
            assert!(spent <= BUDGET, "{spent}");
            let Some(reservation) = reservation else {
                continue;
            };
            if (caller + round).is_multiple_of(3) {
                lost += 1;
                continue;
            }
            client
                .execute(
                    "select countersign_edge.settle_llm($1::text::uuid, $2::float8::numeric)",
                    &[&reservation, &COST],
                )
                .unwrap();
            settled += 1;
        }
        (settled, lost)
    };
    let ended: Vec<(u32, u32)> = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| scope.spawn(move || call(caller)))
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().unwrap())
            .collect()
    });
    let settled: u32 = ended.iter().map(|of| of.0).sum();
    let lost: u32 = ended.iter().map(|of| of.1).sum();
    let row = database
        .client()
        .query_one(
            "select cents::float8, (select count(*) from countersign_edge.llm_reservations) from countersign_edge.llm_spending",
            &[],
        )
        .unwrap();
    let (cents, open): (f64, i64) = (row.get(0), row.get(1));
    assert_eq!(open, i64::from(lost));
    assert!((cents - f64::from(settled) * COST - f64::from(lost) * MOST).abs() < 1e-9);
    // They asked for more than there was, and used what there was.
    assert!(cents <= BUDGET && cents > BUDGET - MOST, "{cents}");
}
