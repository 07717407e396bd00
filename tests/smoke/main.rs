//! A deployed stack, asked over the internet; skipped when no address is given.
//!
//! ```sh
//! FILMGATE_URL=https://….execute-api.….amazonaws.com FILMGATE_KEY=sk-… cargo test --test smoke
//! ```
//!
//! Nothing here costs money, unless `FILMGATE_SPEND=yes` asks for a real video, by
//! `FILMGATE_MODEL` if that is given. The checks themselves are tried against the
//! local stack with all the other tests (`tests/e2e/smoke.rs`).

mod checks;

use std::io::Write;

use checks::Deployment;

/// What an environment variable says; nothing, if it is empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Told also when the test passes, which is when tests print nothing.
fn say(message: &str) {
    drop(writeln!(std::io::stderr(), "smoke: {message}"));
}

fn deployment() -> Option<Deployment> {
    let Some(url) = variable("FILMGATE_URL") else {
        say("skipped: give FILMGATE_URL and FILMGATE_KEY to ask a deployed stack");
        return None;
    };
    let key = variable("FILMGATE_KEY").expect("FILMGATE_URL is given, but no FILMGATE_KEY");
    Some(Deployment::new(&url, &key))
}

#[tokio::test]
async fn the_deployed_stack_answers_as_the_contract_says() {
    let Some(deployment) = deployment() else { return };
    deployment.check_contract().await;
    deployment.check_refusals().await;
    say(&format!("{} answers as it should", deployment.url()));
}

#[tokio::test]
async fn the_deployed_stack_makes_a_video() {
    let Some(deployment) = deployment() else { return };
    if variable("FILMGATE_SPEND").as_deref() != Some("yes") {
        return say("no video was made: that costs money, and takes FILMGATE_SPEND=yes");
    }
    let model = variable("FILMGATE_MODEL").unwrap_or_else(|| "viduq1".to_owned());
    let task = deployment.make_video(&model).await;
    say(&format!("{} made {}", model, task["url"]));
}
