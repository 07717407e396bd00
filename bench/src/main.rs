//! All benchmarks as one table: each figure beside a reference that was measured in the
//! same run, because machines differ and are noisy. Not here: anything that fails when it is slow.

mod busy;
mod due;
mod growth;
mod load;
mod process;
mod report;
mod stack;
mod start;
mod warm;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use tokio::task::spawn_blocking;

use crate::report::Table;

/// Measures what the functions cost, and prints it as a table.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    /// What to measure; everything, when nothing is named.
    #[arg(value_parser = GROUPS)]
    groups: Vec<String>,
    /// Where to write the figures as JSON besides.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How often each start is measured; the table shows medians.
    #[arg(long, default_value_t = 15, value_name = "N")]
    runs: usize,
    /// How often each warm request is measured, and how many make up the load.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    requests: usize,
    /// How many tasks are due at once.
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    tasks: usize,
    /// Let the table grow to a million tasks, which takes some minutes to fill.
    #[arg(long)]
    million: bool,
    /// The command of an installed LiteLLM, to put it under the same load.
    #[arg(long, value_name = "FILE")]
    litellm: Option<PathBuf>,
    /// Start without TLS, which shows what TLS takes.
    #[arg(long)]
    plain: bool,
}

const GROUPS: [&str; 6] =
    [start::GROUP, warm::GROUP, growth::GROUP, due::GROUP, busy::GROUP, load::GROUP];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let wanted =
        |group: &str| arguments.groups.is_empty() || arguments.groups.iter().any(|it| it == group);
    let mut rows = Vec::new();
    if wanted(start::GROUP) {
        rows.extend(start::run(arguments.runs, arguments.plain).await?);
    }
    // These have runtimes of their own, and work on threads that nobody shares.
    if wanted(warm::GROUP) {
        rows.extend(spawn_blocking(move || warm::run(arguments.requests)).await?);
    }
    if wanted(growth::GROUP) {
        rows.extend(spawn_blocking(move || growth::run(arguments.million)).await?);
    }
    if wanted(due::GROUP) {
        rows.extend(spawn_blocking(move || due::run(arguments.tasks)).await?);
    }
    if wanted(busy::GROUP) {
        rows.extend(busy::run().await?);
    }
    if wanted(load::GROUP) {
        rows.extend(load::run(arguments.requests, arguments.litellm.as_deref()).await?);
    }
    print!("{}", Table(&rows));
    if let Some(file) = arguments.json {
        fs::write(file, serde_json::to_string_pretty(&rows)? + "\n")?;
    }
    Ok(())
}
