//! The command without a word behind it: the whole service on this machine.

use std::io::IsTerminal;

use local::{LOCAL_KEY, NOT_PROVEN, Stack};
use shared::runtime::log::Log;
use shared::task::Vendor;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::LevelFilter;

use crate::arguments::StackArguments;
use crate::print;

pub(crate) async fn run(arguments: StackArguments) -> Result<(), String> {
    start_log(arguments.json_logs);
    let has_public_url = arguments.has_public_url();
    let stack = Stack::start(arguments.options()?).await.map_err(|error| error.to_string())?;
    print(welcome(&stack));
    if !has_public_url && stack.simulated().len() < Vendor::ALL.len() {
        eprintln!("filmgate: real vendors cannot call this machine back without --public-url");
    }
    let signal = |error| format!("cannot wait for signals: {error}");
    stopped().await.map_err(signal)?;
    tokio::select! {
        () = stack.stop() => Ok(()),
        again = stopped() => again.map_err(signal),
    }
}

/// For people what is wrong, and for whoever wants to see it all that the deployed
/// functions log.
fn start_log(as_deployed: bool) {
    if as_deployed {
        let to_standard_error = |line: &str| eprint!("{line}");
        Log::new("local".to_owned(), LevelFilter::INFO).to(to_standard_error).install();
    } else {
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::WARN)
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .init();
    }
}

async fn stopped() -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

fn welcome(stack: &Stack) -> String {
    let url = stack.url();
    let vendors: Vec<_> = Vendor::ALL
        .into_iter()
        .map(|vendor| {
            let how =
                if stack.simulated().contains(&vendor) { "simulated" } else { "called for real" };
            format!("  {:<15} {how}\n", vendor.as_str())
        })
        .collect();
    format!(
        "\
listening on {url}

  API key         {LOCAL_KEY}
  webhook secret  {secret}
{vendors}
Create a video:

  curl {url}/v1/video/generations \\
    -H 'Authorization: Bearer {LOCAL_KEY}' -H 'Content-Type: application/json' \\
    -d '{{\"model\":\"viduq1\",\"prompt\":\"The sun sets over a calm sea\",\"size\":\"1920x1080\"}}'

Ask for it, with the task_id of the answer in the place of TASK_ID, until it has a url to watch:

  curl {url}/v1/video/generations/TASK_ID -H 'Authorization: Bearer {LOCAL_KEY}'

What operators do works here too, beside the running stack:

  filmgate keys list --local {database}

This stack does not prove: {NOT_PROVEN}.
",
        database = stack.database_url(),
        secret = stack.webhook_secret(),
        vendors = vendors.concat(),
    )
}
