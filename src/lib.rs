//! The command `filmgate`: the whole service on one machine, and what an operator
//! does with a deployed one.
//!
//! Only `tables` is there for others: tests change a key as an operator does.

mod addresses;
mod arguments;
mod columns;
mod database;
mod keys;
mod stack;
pub mod tables;
mod task;
mod times;
mod usage;

use std::io::Write;
use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use arguments::{Arguments, Command};

/// Does what the command line says.
pub async fn run() -> ExitCode {
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

/// An answer for scripts.
fn json(answer: &impl Serialize) -> String {
    serde_json::to_string_pretty(answer).expect("an answer has only plain fields") + "\n"
}
