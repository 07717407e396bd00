//! Functions that are killed at their deadline, as Lambda kills them, and those that end in time.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use local::{LOCAL_KEY, Reply};
use serde_json::json;
use shared::task::Status;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::audit::Audit;
use crate::between::{Call, Fault, Refusal};
use crate::scripted_vidu::{ScriptedVidu, success};
use crate::world::{Rule, Wanted, World};

const VIDEO: &str = "https://videos.example/1.mp4";

fn wanted(prompt: &str) -> Wanted {
    Wanted {
        api_key: LOCAL_KEY.to_owned(),
        model: "viduq1",
        prompt: prompt.to_owned(),
        count: 1,
        idempotency_key: None,
        try_number: None,
        webhook: None,
        simulate: Vec::new(),
    }
}

/// A rule by which this happens to the first so many calls of an operation.
fn first(count: usize, operation: &'static str, fault: fn() -> Fault) -> Rule {
    let mut left = count;
    Box::new(move |call: &Call| {
        if call.operation != operation || left == 0 {
            return Fault::None;
        }
        left -= 1;
        fault()
    })
}

fn calm() -> Rule {
    Box::new(|_| Fault::None)
}

/// A vendor that takes so long over its first answer.
async fn slow(time: Duration) -> Arc<ScriptedVidu> {
    let (answer, until) = oneshot::channel();
    let vidu = Arc::new(ScriptedVidu::answering_when(until).await);
    let asked = vidu.clone();
    tokio::spawn(async move {
        asked.submitted(1).await;
        sleep(time).await;
        drop(answer);
    });
    vidu
}

#[tokio::test(start_paused = true)]
async fn a_database_that_stalls_and_a_vendor_that_is_slow_leave_time_for_an_answer() {
    for stalls in 0..=3 {
        let vidu = slow(Duration::from_secs(18)).await;
        let world = World::calling(&vidu).await;
        let rule = first(stalls, "PutItem", || Fault::Hang);
        let told = world.create(&wanted("a slow tide"), rule).await;
        let (status, body) = told.answer.as_ref().expect("an answer before the deadline");
        match *status {
            StatusCode::OK => assert_eq!(told.task_ids().len(), 1, "{stalls}: {body}"),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::INTERNAL_SERVER_ERROR => {
                assert!(told.is_told_no() && vidu.submissions().is_empty(), "{stalls}: {body}");
            }
            _ => panic!("{stalls}: {status} {body}"),
        }
        assert!(stalls > 2 || *status == StatusCode::OK, "{stalls}: {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_video_that_is_paid_for_is_written_again_and_again() {
    let broken = || Fault::Refuse(Refusal::Broken);
    for failures in [3, 6, 9] {
        let vidu = ScriptedVidu::start().await;
        let world = World::calling(&vidu).await;
        let told = world.create(&wanted("the tide"), first(failures, "UpdateItem", broken)).await;
        assert_eq!(told.task_ids().len(), 1, "{failures}: {told:?}");
        let tasks = world.tasks().await;
        assert!(tasks[0].vendor_task_id.is_some(), "{failures}: {tasks:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_time_a_create_has_it_answers_within_it_and_asks_no_vendor_too_late() {
    for (seconds, submissions) in [(1, 0), (5, 0), (9, 0), (11, 1), (20, 1), (29, 1)] {
        let vidu = slow(Duration::from_secs(18)).await;
        let world = World::calling(&vidu).await;
        let lasts = Duration::from_secs(seconds);
        let told = world.create_within(lasts, &wanted("a slow tide"), calm()).await;
        let (status, body) = told.answer.as_ref().expect("an answer before the deadline");
        let is_ok = *status == StatusCode::OK;
        assert_eq!(is_ok, submissions == 1, "{seconds}: {body}");
        assert!(is_ok || *status == StatusCode::SERVICE_UNAVAILABLE, "{seconds}: {body}");
        assert_eq!(vidu.submissions().len(), submissions, "{seconds}: {body}");
        assert_eq!(told.is_told_no(), submissions == 0, "{seconds}: {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_404s_of_an_edge_end_nothing() {
    let vidu = ScriptedVidu::start().await;
    let world = World::calling(&vidu).await;
    let told = world.create(&wanted("the tide"), calm()).await;
    assert_eq!(told.task_ids().len(), 1, "{told:?}");
    let no_route = json!({ "message": "no Route matched with those values" });
    vidu.reply_to_polls(Reply::Json(404, no_route));
    for _ in 0..10 {
        sleep(Duration::from_secs(120)).await;
        world.reconcile().await;
    }
    assert!(!world.tasks().await[0].status.is_final());
    vidu.reply_to_polls(Reply::Json(200, success(VIDEO)));
    world.settle(1).await;
    assert_eq!(world.tasks().await[0].status, Status::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_killed_while_its_vendor_works_leaves_nothing_behind() {
    let world = World::start().await;
    for (number, model) in ["viduq1", "kling-v3", "jimeng_v30"].into_iter().enumerate() {
        for trouble in ["timeout-before", "timeout-after"] {
            let prompt = format!("{trouble} {number}");
            let wanted = Wanted { model, simulate: vec![trouble], ..wanted(&prompt) };
            let creating = world.create(&wanted, calm());
            // A sandbox that is recycled, long before its deadline.
            drop(tokio::time::timeout(Duration::from_secs(5), creating).await);
        }
    }
    world.settle(2).await;
    let audit = Audit::of(&world).await;
    assert!(audit.breaches.is_empty(), "{:#?}", audit.breaches);
}
