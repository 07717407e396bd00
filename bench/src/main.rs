//! All benchmarks as one table: each figure beside a reference that was measured in the
//! same run, because machines differ and are noisy. Not here: anything that fails when it is slow.

mod report;
mod start;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::Parser;

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
    /// Start without TLS, which shows what TLS takes.
    #[arg(long)]
    plain: bool,
}

const GROUPS: [&str; 1] = [start::GROUP];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let wanted =
        |group: &str| arguments.groups.is_empty() || arguments.groups.iter().any(|it| it == group);
    let mut rows = Vec::new();
    if wanted(start::GROUP) {
        rows.extend(start::run(arguments.runs, arguments.plain).await?);
    }
    print!("{}", Table(&rows));
    if let Some(file) = arguments.json {
        fs::write(file, serde_json::to_string_pretty(&rows)? + "\n")?;
    }
    Ok(())
}
