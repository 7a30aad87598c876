//! Requests under one `Idempotency-Key`, at once and on connections of their own.

use std::sync::Barrier;
use std::thread;

use crate::support::Database;

const CALLERS: usize = 6;
const ROUNDS: usize = 40;

/// Of all that come under a key at once, one does it; if it did nothing another one may, and in the
/// end it was done once and everybody has that answer.
#[test]
fn a_request_under_a_key_is_done_once() {
    let Some(database) = Database::migrated("repeat") else {
        return;
    };
    let mut owner = database.client();
    owner
        .batch_execute(
            "create table public.done (round text); grant insert on public.done to countersign_edge",
        )
        .unwrap();
    let together = Barrier::new(CALLERS);
    let call = |caller: usize| {
        let mut client = database.client();
        client.batch_execute("set role countersign_edge").unwrap();
        for round in 0..ROUNDS {
            let key = round.to_string();
            together.wait();
            loop {
                let row = client
                    .query_one(
                        "select countersign_edge.begin_request('agency', 'ann', $1, 'h', 300) ->> 'state'",
                        &[&key],
                    )
                    .unwrap();
                let state: &str = row.get(0);
                match state {
                    // It failed, having done nothing, and does not come back.
                    "first" if (caller + round).is_multiple_of(3) => {
                        let forget =
                            "select countersign_edge.forget_request('agency', 'ann', $1, 'h')";
                        client.execute(forget, &[&key]).unwrap();
                        break;
                    }
                    "first" => {
                        client
                            .execute("insert into public.done values ($1)", &[&key])
                            .unwrap();
                        let finish = "select countersign_edge.finish_request('agency', 'ann', $1, 'h', 200, '{}')";
                        client.execute(finish, &[&key]).unwrap();
                        break;
                    }
                    "running" => thread::yield_now(),
                    "done" => break,
                    other => panic!("{other}"),
                }
            }
        }
    };
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            scope.spawn(move || call(caller));
        }
    });
    let row = owner
        .query_one(
            "select count(*), count(distinct round) from public.done",
            &[],
        )
        .unwrap();
    let (times, rounds): (i64, i64) = (row.get(0), row.get(1));
    assert_eq!((times, rounds), (40, 40));
    let row = owner
        .query_one(
            "select count(*) from countersign_edge.idempotency_keys where status = 'done'",
            &[],
        )
        .unwrap();
    assert_eq!(row.get::<_, i64>(0), 40);
}
