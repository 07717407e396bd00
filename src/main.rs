//! `filmgate`: the whole service on one machine, and what an operator does with
//! a deployed one.

mod arguments;
mod columns;
mod keys;
mod place;
mod stack;
mod task;
mod terms;
mod usage;

use std::io::Write;
use std::process::ExitCode;

use jiff::Timestamp;

use arguments::{Arguments, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(exit) => return exit,
    };
    let now = Timestamp::now();
    let done = match arguments.command {
        None => stack::run(arguments.stack).await,
        Some(Command::Keys { command }) => keys::run(&command, now).await.map(print),
        Some(Command::Task(arguments)) => task::run(&arguments).await.map(print),
        Some(Command::Usage(arguments)) => usage::run(&arguments, now).await.map(print),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // What AWS says may have lines.
            let words: Vec<_> = message.split_whitespace().collect();
            eprintln!("filmgate: {}", words.join(" "));
            ExitCode::FAILURE
        }
    }
}

/// A reader that went away, as `head` does, is no failure.
fn print(text: String) {
    drop(std::io::stdout().write_all(text.as_bytes()));
}
