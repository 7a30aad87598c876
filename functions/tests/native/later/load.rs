//! Ten thousand events, as badly as they may come.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};

use countersign_functions::message::{Body, Response};
use countersign_functions::schedule;
use countersign_functions::serve::serve;
use countersign_functions::transport::{Job, Outgoing, Runtime, Unreachable};
use reqwest::Method;
use serde_json::{Value, json};

use super::seller::WEBHOOK;
use crate::runtime::otherwise_native;
use crate::world::{World, request};

const ADA: &str = "ada@assistant.example.test";
const DOV: &str = "dov@assistant.example.test";
const EVENTS: u64 = 10_000;
const DEALS: u64 = 120;
/// HubSpot has as many deliveries of an app under way at once.
const AT_ONCE: usize = 10;
/// Of the database's requests, those that go wrong.
const AWAY: std::ops::Range<u32> = 150..450;

/// A world whose database fails for a while, and that sees which events end.
struct Failing<'a> {
    world: &'a World,
    /// Requests to the database.
    asked: Cell<u32>,
    failed: Cell<u32>,
    /// How often the database was told of an event that it is done, and took it.
    ended: RefCell<BTreeMap<String, u32>>,
    job: Cell<Option<Job>>,
}

impl Failing<'_> {
    /// What is said in this request of events that are done.
    fn told(request: &reqwest::Request) -> Vec<String> {
        if !request.url().path().ends_with("/finish_webhooks") {
            return Vec::new();
        }
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap();
        let body: Value = serde_json::from_slice(body).unwrap();
        let rows = body["p_results"].as_array().unwrap().iter();
        let done = rows.filter(|row| row["status"] == "done");
        done.map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Runtime for Failing<'_> {
    otherwise_native!(|this| this.world.native);

    async fn send(&self, outgoing: Outgoing<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreachable> {
        let broken = || Unreachable::Broken("told to".to_owned());
        if !outgoing.request.url().path().starts_with("/rest/v1/") {
            return self.world.native.send(outgoing).await;
        }
        let number = self.asked.get();
        self.asked.set(number + 1);
        let away = AWAY.contains(&number);
        self.failed.set(self.failed.get() + u32::from(away));
        if away && number.is_multiple_of(3) {
            return Err(broken());
        }
        if away && number % 3 == 1 {
            return Ok(Response::json(
                reqwest::StatusCode::SERVICE_UNAVAILABLE,
                &json!({ "code": "PGRST002", "message": "could not query the database" }),
            ));
        }
        let told = Self::told(&outgoing.request);
        let mut answer = self.world.native.send(outgoing).await?;
        if answer.status.is_success() && !told.is_empty() {
            let Body::Stream(count) = &answer.body else {
                panic!("no count")
            };
            let count: usize = String::from_utf8_lossy(count).parse().unwrap();
            assert!(count >= told.len(), "{count} of {}", told.len());
            for id in told {
                *self.ended.borrow_mut().entry(id).or_default() += 1;
            }
        }
        if away {
            // It was done, and nobody hears of it.
            answer.body = Body::Empty;
            return Err(broken());
        }
        Ok(answer)
    }

    fn later(&self, job: Job) {
        self.job.set(Some(job));
    }
}

/// What HubSpot still has to deliver, and how it went.
#[derive(Default)]
struct Sender {
    queue: RefCell<VecDeque<Delivery>>,
    refused: Cell<u64>,
    again: Cell<u64>,
    stored: Cell<u64>,
    /// How long each delivery waited for its answer, apart for the time in which the database failed.
    well: RefCell<Vec<Duration>>,
    failing: RefCell<Vec<Duration>>,
}

/// Of waits, in milliseconds: how many there were, the middle one, the one that a hundredth exceeds, and
/// the longest.
fn waits(of: &RefCell<Vec<Duration>>) -> Value {
    let mut all = of.borrow().clone();
    all.sort_unstable();
    let at = |share: usize| {
        let at = (all.len() * share / 100).min(all.len().saturating_sub(1));
        all.get(at).map(|wait| wait.as_secs_f64() * 1_000.0)
    };
    json!({ "answers": all.len(), "median": at(50), "p99": at(99), "longest": at(100) })
}

struct Delivery {
    events: Vec<Value>,
    good: bool,
}

/// The same sequence on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// Deliveries of one to thirty-nine events: a tenth of all repeated in later ones, and a twentieth beside
/// them whose signatures do not hold.
fn deliveries(first: u64, count: u64, deals: &[u64], dice: &mut Dice) -> VecDeque<Delivery> {
    let mut queue = VecDeque::new();
    let mut numbers = first..first + count;
    let mut sent: Vec<Value> = Vec::new();
    loop {
        let size = 1 + dice.below(39) as usize;
        let mut events: Vec<Value> = Vec::new();
        for number in numbers.by_ref().take(size) {
            let deal = deals[usize::try_from(dice.below(deals.len() as u64)).unwrap()];
            events.push(json!({
                "eventId": number % 1_000, "subscriptionId": 12_345, "portalId": 24_680_135, "appId": 54_321,
                "occurredAt": 1_800_000_000_000_u64 + number, "subscriptionType": "deal.propertyChange",
                "attemptNumber": 0, "objectId": deal, "propertyName": "amount", "propertyValue": "1",
                "changeSource": "CRM",
            }));
        }
        if events.is_empty() {
            break;
        }
        sent.extend(events.iter().cloned());
        for _ in 0..events.len() {
            if dice.below(10) == 0 {
                let again = usize::try_from(dice.below(sent.len() as u64)).unwrap();
                let mut again = sent[again].clone();
                again["attemptNumber"] = json!(1);
                events.push(again);
            }
        }
        if dice.below(20) == 0 {
            let mut forged = events.clone();
            for event in &mut forged {
                event["objectId"] = json!(666);
            }
            queue.push_back(Delivery {
                events: forged,
                good: false,
            });
        }
        queue.push_back(Delivery { events, good: true });
    }
    queue
}

async fn deliver(failing: &Failing<'_>, sender: &Sender) {
    loop {
        let next = sender.queue.borrow_mut().pop_front();
        let Some(delivery) = next else { return };
        let body = Value::Array(delivery.events.clone());
        let (mut signature, time) = failing.world.signed_by_hubspot(&body.to_string());
        if !delivery.good {
            signature = signature.chars().rev().collect();
        }
        let headers = [
            ("x-hubspot-signature-v3", signature.as_str()),
            ("x-hubspot-request-timestamp", time.as_str()),
        ];
        let asked = request(Method::POST, WEBHOOK, &headers, Some(&body));
        let before = failing.asked.get();
        let began = Instant::now();
        let response = serve(&failing.world.setup, failing, asked).await;
        let took = began.elapsed();
        let away = AWAY.start < failing.asked.get() && before < AWAY.end;
        let waits = if away { &sender.failing } else { &sender.well };
        waits.borrow_mut().push(took);
        match (response.status.as_u16(), delivery.good) {
            (401, false) => sender.refused.set(sender.refused.get() + 1),
            (200, true) => {
                let Body::Bytes(said) = response.body else {
                    panic!("it says nothing")
                };
                let said: Value = serde_json::from_slice(&said).unwrap();
                sender
                    .stored
                    .set(sender.stored.get() + said["stored"].as_u64().unwrap());
                // As workerd does it: after the answer, and beside other deliveries.
                if let Some(job) = failing.job.take() {
                    let _ = schedule::after(&failing.world.setup, failing, job).await;
                }
            }
            // HubSpot sends again what was not answered well, later.
            (503, true) => {
                sender.again.set(sender.again.get() + 1);
                sender.queue.borrow_mut().push_back(delivery);
            }
            (status, good) => panic!("{status} to a delivery, good: {good}"),
        }
    }
}

async fn deliver_all(failing: &Failing<'_>, sender: &Sender, queue: VecDeque<Delivery>) {
    *sender.queue.borrow_mut() = queue;
    let mut all: Vec<_> = (0..AT_ONCE)
        .map(|_| Box::pin(deliver(failing, sender)))
        .collect();
    std::future::poll_fn(|context| {
        all.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if all.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_events_are_each_worked_through_once() {
    let Some(world) = World::with(&[("ASSISTANT_OPPORTUNITIES", "hubspot")]) else {
        return;
    };
    let limits = json!({ "burst": 1_000_000 });
    world.control("/hubspot/limits", limits).await;
    world.disconnect_all().await;
    world.forget().await;
    world.connect(ADA, json!({})).await;
    world.connect(DOV, json!({ "user": 7002 })).await;
    let mut deals = Vec::new();
    for number in 0..DEALS {
        let deal =
            json!({ "properties": { "dealname": format!("Load {number}"), "amount": "1.00" } });
        let deal = world.assistant(ADA, Method::POST, "deals", &deal).await;
        deals.push(deal["id"].as_str().unwrap().parse::<u64>().unwrap());
    }
    let failing = Failing {
        world: &world,
        asked: Cell::new(0),
        failed: Cell::new(0),
        ended: RefCell::default(),
        job: Cell::new(None),
    };
    let sender = Rc::new(Sender::default());
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (first, second) = deals.split_at(deals.len() / 2);
    let began = Instant::now();
    let queue = deliveries(1, EVENTS / 2, first, &mut dice);
    let mut count = queue.len();
    let mut events: usize = queue.iter().map(|one| one.events.len()).sum();
    deliver_all(&failing, &sender, queue).await;
    // Everything changes, and the events that say so come after some that are late.
    for (number, id) in deals.iter().enumerate() {
        let change = json!({ "properties": { "amount": format!("{number}.25") } });
        let path = format!("deals/{id}");
        world.assistant(ADA, Method::PATCH, &path, &change).await;
    }
    let all = [first, second].concat();
    let queue = deliveries(1 + EVENTS / 2, EVENTS / 2, &all, &mut dice);
    count += queue.len();
    events += queue.iter().map(|one| one.events.len()).sum::<usize>();
    deliver_all(&failing, &sender, queue).await;
    let delivered = began.elapsed();
    for _ in 0..40 {
        world.let_go().await;
        if schedule::run(&world.setup, &failing).await.unwrap().idle() {
            break;
        }
    }
    let quiet = began.elapsed();

    assert!(
        failing.failed.get() >= 250,
        "the database was away: {}",
        failing.failed.get()
    );
    assert!(sender.refused.get() >= 15 && sender.again.get() >= 15);
    // Every delivery was answered, each time it came.
    let answers = sender.well.borrow().len() + sender.failing.borrow().len();
    assert_eq!(answers as u64, count as u64 + sender.again.get());
    let mut rows: Vec<Value> = Vec::new();
    for from in (0..).step_by(1_000) {
        let address = format!(
            "webhook_inbox?app=eq.assistant&event_type=neq.mirror.fill&select=id,status,payload&order=id&limit=1000&offset={from}"
        );
        let page = world.as_worker(Method::GET, &address, "countersign_edge", Value::Null);
        let page = page.await.as_array().unwrap().clone();
        if page.is_empty() {
            break;
        }
        rows.extend(page);
    }
    assert_eq!(
        rows.len() as u64,
        EVENTS,
        "each good event is stored once, and no other"
    );
    assert!(rows.iter().all(|row| row["status"] == "done"));
    assert!(
        rows.iter()
            .all(|row| row["payload"]["ids"] != json!(["666"]))
    );
    let ended = failing.ended.take();
    let ids: BTreeSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert!(ids.iter().all(|id| ended.get(*id) == Some(&1)));
    let expected = |email| {
        let world = &world;
        async move {
            let mirror = world.mirror_of(email).await;
            mirror
                .into_iter()
                .filter(|line| line.contains(" Load "))
                .collect::<Vec<_>>()
        }
    };
    let mut truth: Vec<String> = deals
        .iter()
        .enumerate()
        .map(|(number, id)| format!("{id} Load {number} {} USD open", number * 100 + 25))
        .collect();
    truth.sort();
    assert_eq!(expected(ADA).await, truth);
    assert_eq!(expected(DOV).await, truth);

    println!(
        "{}",
        json!({
            "good events": EVENTS, "events delivered": events, "deliveries": count,
            "deliveries refused": sender.refused.get(), "deliveries sent again": sender.again.get(),
            "database requests": failing.asked.get(), "database requests that failed": failing.failed.get(),
            "seconds until the last was answered": delivered.as_secs_f64(),
            "seconds until all were done": quiet.as_secs_f64(),
            "milliseconds until an answer": waits(&sender.well),
            "milliseconds until an answer, while the database failed": waits(&sender.failing),
        })
    );
    for id in deals {
        let path = format!("deals/{id}");
        world
            .assistant(ADA, Method::DELETE, &path, &Value::Null)
            .await;
    }
    world
        .control("/hubspot/limits", json!({ "burst": 110 }))
        .await;
    world.disconnect_all().await;
    world.forget().await;
}
