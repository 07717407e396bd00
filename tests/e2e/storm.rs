//! Everything goes wrong at once, and in the end every account is settled.
//!
//! Tasks of all vendors, whose simulators misbehave; a database that throttles, breaks, hangs,
//! loses answers and meets transactions; functions that are killed at any call; reconcilers side
//! by side; an operator who replaces the accounts; clients that ask again, with an idempotency key and without, whose keys have limits
//! and whose webhooks fail. Afterwards the audit holds what clients were told, what is stored,
//! what usage says and what the vendors know against each other, and the log is held against what
//! may not be in it.
//!
//! A storm comes in waves, each with a world and dice of its own, so that a long one costs no
//! more for each task than a short one. The dice are loaded with `FILMGATE_STORM_SEED` and thrown
//! for `FILMGATE_STORM_TASKS` tasks; a wave that broke a promise tells the seed that it can be
//! had with alone.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all, select};
use http::StatusCode;
use local::simulators::ACCOUNTS;
use serde_json::json;
use shared::dialects::facts;
use shared::task::Vendor;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::audit::Audit;
use crate::between::{Call, Fault, Refusal};
use crate::dice::Dice;
use crate::lines;
use crate::world::{Kind, Rule, Step, Told, Wanted, World};

/// Requests of a wave: enough to be in each other's way.
const WAVE: u64 = 100;

/// Requests of a wave that is a part of every run of the tests.
const SHORT: u64 = 40;

/// Seeds of waves that broke a promise once.
const BROKEN_BEFORE: [u64; 2] = [20_261_121, 3_295_655_178];

/// Over so many seconds the requests of a wave are spread.
const SPREAD: u64 = 120;

/// Longer than any vendor must go on saying that it does not have a task.
const PUT_BACK: Duration = Duration::from_secs(30 * 60);

const PROMPT: &str = "a storm that nobody may read of";

/// Keys with limits and without.
const KEYS: [&str; 2] = ["sk-storm-limited", "sk-storm"];

/// What may go wrong with a task at its vendor.
const TROUBLES: [&str; 15] = [
    "lost-callbacks",
    "late-callbacks",
    "doubled-callbacks",
    "reordered-callbacks",
    "forged-callbacks",
    "timeout-before",
    "timeout-after",
    "dropped-before",
    "dropped-after",
    "html-before",
    "html-after",
    "busy",
    "busy-polls",
    "failing-polls",
    "moderated",
];

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn in_a_storm_every_promise_is_kept_and_every_video_paid_for_once() {
    let waves = match (setting("FILMGATE_STORM_SEED"), setting("FILMGATE_STORM_TASKS")) {
        (None, None) => BROKEN_BEFORE.map(|seed| (seed, SHORT)).to_vec(),
        (seed, count) => waves(seed.unwrap_or(0x5eed), count.unwrap_or(WAVE)),
    };
    let (next, began) = (AtomicU64::new(0), Instant::now());
    let broken = thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, |it| it.get());
        let work = || {
            let mut broken = Vec::new();
            while let Some(wave) = usize::try_from(next.fetch_add(1, Ordering::Relaxed))
                .ok()
                .and_then(|next| waves.get(next))
            {
                broken.extend(go_through(*wave));
            }
            broken
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|it| it.join().expect("no wave panics")).collect::<Vec<_>>()
    });
    println!("{} waves in {:?}", waves.len(), began.elapsed());
    assert!(broken.is_empty(), "{} promises are broken:\n{}", broken.len(), broken.join("\n"));
}

/// The seeds and sizes of so many requests' waves. The first has the storm's own seed.
fn waves(seed: u64, count: u64) -> Vec<(u64, u64)> {
    let dice = Dice::new(seed);
    let seeds = std::iter::once(seed).chain(std::iter::from_fn(|| Some(dice.throw(1 << 32))));
    let begins = (0..count).step_by(usize::try_from(WAVE).expect("it fits"));
    seeds.zip(begins).map(|(seed, begin)| (seed, WAVE.min(count - begin))).collect()
}

/// Goes through one wave, and gives what was broken.
fn go_through((seed, count): (u64, u64)) -> Vec<String> {
    let began = Instant::now();
    let (summary, lines) = lines::kept(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(Box::pin(wave(seed, count)))
    });
    let (summary, mut broken, secrets) = summary;
    let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
    lines::check(&lines, &secrets);
    let alone = format!("FILMGATE_STORM_SEED={seed} FILMGATE_STORM_TASKS={count}");
    println!("{alone}: {summary}, {:?}", began.elapsed());
    broken.iter_mut().for_each(|breach| breach.insert_str(0, &format!("{alone}: ")));
    broken
}

/// One wave: what came of it, what was broken, and what may not be in its log.
async fn wave(seed: u64, count: u64) -> (String, Vec<String>, Vec<String>) {
    let dice = Arc::new(Dice::new(seed));
    let world = World::start().await;
    let secret = world.gateway.stack.webhook_secret().to_owned();
    world.keep_writes_open(Duration::from_millis(20));
    let limits = json!({ "unfinished": count / 2, "creates_per_minute": count });
    let limited = json!({ "limits": limits, "webhook_secret": secret });
    world.gateway.with_key(KEYS[0], limited).await;
    world.gateway.with_key(KEYS[1], json!({ "webhook_secret": secret })).await;
    let die = dice.clone();
    let hook = world.receive_webhooks(move |body| {
        let never = body["data"]["task_id"].as_str().is_some_and(|id| id.ends_with('7'));
        match never || die.one_in(4) {
            true => StatusCode::INTERNAL_SERVER_ERROR,
            false => StatusCode::NO_CONTENT,
        }
    });
    let hook = hook.await;
    let die = dice.clone();
    world.set_faults(move |call| fault_of(&die, call));

    let clients = (0..count).map(|number| client(&world, &dice, &hook, number));
    let reconcilers = async {
        for _ in 0..=SPREAD / 60 {
            sleep(Duration::from_secs(60)).await;
            join(world.reconcile(), world.reconcile()).await;
        }
    };
    let requests = async {
        join(join_all(clients), reconcilers).await;
        world.settle(2).await;
    };
    select(pin!(requests), pin!(operator(&world, &dice))).await;
    let audit = Audit::of(&world).await;
    (audit.summary(), audit.breaches, vec![PROMPT.to_owned(), KEYS[1].to_owned(), secret, hook])
}

/// An operator who replaces the accounts while requests come, and afterwards puts each of them
/// back for so long that its tasks can end.
async fn operator(world: &World, dice: &Dice) {
    let mut pauses = Vec::new();
    for _ in 0..dice.throw(4) {
        pauses.push(Duration::from_secs(dice.throw(SPREAD / 2)));
    }
    for number in 1.. {
        sleep(pauses.pop().unwrap_or(PUT_BACK)).await;
        world.replace_accounts(number % ACCOUNTS);
    }
}

/// A client who asks for videos, again where that is said to be safe, and how they are.
async fn client(world: &World, dice: &Dice, hook: &str, number: u64) {
    sleep(Duration::from_millis(dice.throw(SPREAD * 1000))).await;
    let mut wanted = wanted(dice, hook, number);
    let is_sdk = wanted.idempotency_key.is_none() && dice.one_in(2);
    for again in 1..=3 {
        let told = match is_sdk {
            true => world.create_by_sdk(&wanted, 0, || rule(world, dice)).await,
            false => world.create(&wanted, rule(world, dice)).await,
        };
        let ids: Vec<_> = told.task_ids().into_iter().map(str::to_owned).collect();
        for id in ids {
            if dice.one_in(2) {
                sleep(Duration::from_secs(dice.throw(90))).await;
                world.query(&wanted.api_key, &id, rule(world, dice)).await;
            }
        }
        if !is_asked_again(&told) {
            break;
        }
        sleep(Duration::from_secs(dice.throw(60))).await;
        if wanted.idempotency_key.is_none() {
            // Another request by all that Filmgate knows.
            wanted.prompt = format!("{PROMPT} {number}, {again}");
        }
    }
}

/// Whether a client asks again: who has a key for it always does, others when they may.
fn is_asked_again(told: &Told) -> bool {
    match &told.answer {
        None => told.wanted.idempotency_key.is_some(),
        Some((_, body)) => body["error"]["retryable"] == true,
    }
}

fn wanted(dice: &Dice, hook: &str, number: u64) -> Wanted {
    let models: Vec<_> = Vendor::ALL.iter().flat_map(|it| facts(*it).samples).copied().collect();
    let troubles = (0..dice.throw(3)).map(|_| *dice.one_of(&TROUBLES));
    Wanted {
        api_key: (*dice.one_of(&KEYS)).to_owned(),
        model: dice.one_of::<&'static str>(&models),
        // Jimeng can tell requests apart by this alone.
        prompt: format!("{PROMPT} {number}"),
        count: if dice.one_in(5) { 2 } else { 1 },
        idempotency_key: dice.one_in(3).then(|| format!("storm-{number}")),
        try_number: None,
        webhook: dice.one_in(2).then(|| hook.to_owned()),
        simulate: troubles.collect(),
    }
}

/// The faults of all; and now and then a function that nothing is answered any more from some call on.
fn rule(world: &World, dice: &Dice) -> Rule {
    let mut faults = world.faults();
    if !dice.one_in(12) {
        return faults;
    }
    let kind = *dice.one_of(&[Kind::LostFromThenOn, Kind::RefusedFromThenOn, Kind::HungFromThenOn]);
    let mut step = Step::new(usize::try_from(dice.throw(8)).expect("it fits"), kind);
    Box::new(move |call| match step.next() {
        Fault::None => faults(call),
        fault => fault,
    })
}

/// What becomes of one call.
fn fault_of(dice: &Dice, call: &Call) -> Fault {
    if call.operation == "TransactWriteItems" && dice.one_in(8) {
        return Fault::Refuse(Refusal::Conflict(vec![0]));
    }
    match dice.throw(600) {
        0..10 => Fault::Refuse(Refusal::Throttled),
        10..16 => Fault::Refuse(Refusal::Broken),
        16..18 => Fault::Refuse(Refusal::Denied),
        18..19 => Fault::Refuse(Refusal::Invalid),
        19..25 => Fault::CutBefore,
        25..33 => Fault::CutAfter,
        33..41 => Fault::BreakAfter,
        41..44 => Fault::Hang,
        44..50 => Fault::KillBefore,
        50..56 => Fault::KillAfter,
        56..70 => late(Duration::from_millis(dice.throw(3_000))),
        _ => Fault::None,
    }
}

/// A call that arrives so much later.
fn late(by: Duration) -> Fault {
    let (release, released) = oneshot::channel();
    tokio::spawn(async move {
        sleep(by).await;
        drop(release);
    });
    Fault::Delay(released)
}
