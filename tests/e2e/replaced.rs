//! An operator who puts another account into the secret while tasks are under way, and later puts
//! the first one back.
//!
//! The vendors have both accounts, and neither knows a task of the other. What goes wrong besides
//! is the storm's.

use std::time::Duration;

use shared::task::{Charged, Code, Status};

use crate::audit::Audit;
use crate::between::Fault;
use crate::world::{Wanted, World};

/// For longer than an account has to say that it does not have a task, to be believed.
const REPLACED: Duration = Duration::from_secs(45 * 60);

const MODELS: [&str; 3] = ["kling-v3", "viduq1", "jimeng_v30"];

/// Ways of a task to its end: by a callback, by polls, found after a doubt, and made only when
/// it is sent again.
const WAYS: [&[&str]; 4] = [
    &[],
    &["lost-callbacks"],
    &["lost-callbacks", "dropped-after"],
    &["lost-callbacks", "dropped-before"],
];

async fn create_all(world: &World) {
    for (model, simulate) in MODELS.iter().flat_map(|model| WAYS.map(|way| (*model, way))) {
        let wanted = Wanted {
            api_key: local::LOCAL_KEY.to_owned(),
            model,
            prompt: format!("{model}, {simulate:?}"),
            count: 1,
            idempotency_key: None,
            try_number: None,
            webhook: None,
            simulate: simulate.to_vec(),
        };
        world.create(&wanted, Box::new(|_| Fault::None)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn tasks_of_an_account_that_is_replaced_and_put_back_end_as_their_vendor_says() {
    let world = World::start().await;
    create_all(&world).await;
    world.replace_accounts(1);
    world.reconcile_for(REPLACED, 9).await;
    world.replace_accounts(0);
    world.settle(1).await;
    let breaches = Audit::of(&world).await.breaches;
    assert!(breaches.is_empty(), "{} breaches:\n{}", breaches.len(), breaches.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn tasks_of_an_account_that_stays_away_are_never_said_to_be_free_or_lost() {
    let world = World::start().await;
    create_all(&world).await;
    world.replace_accounts(1);
    world.reconcile_for(REPLACED, 9).await;
    world.reconcile_for(4 * Duration::from_secs(24 * 60 * 60), 4).await;
    let tasks = world.tasks().await;
    assert!(tasks.iter().all(|task| task.status.is_final()));
    // Some had an instance of `callback` that knew their account.
    let failed: Vec<_> = tasks.iter().filter(|task| task.status == Status::Failed).collect();
    assert!(failed.len() >= MODELS.len() * (WAYS.len() - 1));
    for task in failed {
        let error = task.error.as_ref().expect("it failed");
        let is_given_up = [Code::DeadlineExceeded, Code::SubmissionUnknown].contains(&error.code);
        assert_eq!((is_given_up, error.charged), (true, Charged::Unknown), "{task:?}");
    }
}
