//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use local::Options;
use url::Url;

use crate::addresses::read_url;
use crate::keys::KeysCommand;
use crate::task::TaskArguments;
use crate::times::read_interval;
use crate::usage::UsageArguments;

/// One API for AI video generation: run it whole on one machine, operate a deployed one.
///
/// Without a command it starts the functions that ship, an embedded DynamoDB and
/// simulated vendors, all in this process. Nothing else has to be installed,
/// nothing is charged. Prints an address, a key and two curl lines to try; Ctrl-C
/// stops it.
#[derive(Debug, Parser)]
#[command(name = "filmgate", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) stack: StackArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make, show and change the API keys of a deployed stack
    #[command(arg_required_else_help = false)]
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// What each key has used, by day, vendor and model
    Usage(UsageArguments),
    /// One task with all its events
    Task(TaskArguments),
}

/// How the local stack is to run.
#[derive(Debug, Args)]
pub(crate) struct StackArguments {
    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,

    /// A JSON file of accounts; the vendors it names are called for real, and charge
    ///
    /// The JSON that the deployed secret holds:
    /// {"vidu":{"api_key":"…","base_url":"…"}}. `base_url` may be left out.
    /// For a real vendor to call back, give a --public-url that it can reach.
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,

    /// Keep tasks in this file, so that they survive a restart; without it they are in memory
    ///
    /// A second file, FILE.vendors, is the memory of the simulated vendors, and
    /// holds the secret under the addresses that vendors call back.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    /// How often to start what the template starts on a schedule, e.g. 1s, 500ms, 2m
    #[arg(long, value_name = "TIME", value_parser = read_interval)]
    every: Option<Duration>,

    /// The address that vendors are given to call back, e.g. that of a tunnel to this machine
    #[arg(long, value_name = "URL", value_parser = read_url)]
    public_url: Option<Url>,

    /// Take clients' webhook addresses as when deployed: https and public hosts only
    #[arg(long)]
    public_webhooks: bool,

    /// Log as the deployed functions do: lines of JSON with metrics, on standard error
    #[arg(long)]
    pub(crate) json_logs: bool,
}

impl Arguments {
    /// Reads the command line; what is wrong with it is said in one line.
    pub(crate) fn read() -> Result<Self, ExitCode> {
        let read = Self::try_parse().and_then(|arguments| {
            let wrong = |message| Self::command().error(ErrorKind::ValueValidation, message);
            arguments.check().map_err(wrong)?;
            Ok(arguments)
        });
        read.map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                drop(error.print());
                ExitCode::SUCCESS
            }
            _ => {
                let line = one_line(&error.to_string());
                eprintln!("filmgate: {line}; --help tells more");
                ExitCode::from(2)
            }
        })
    }

    /// What is wrong with arguments that are right each by itself.
    fn check(&self) -> Result<(), String> {
        match &self.command {
            Some(Command::Usage(arguments)) => arguments.check(),
            _ => Ok(()),
        }
    }
}

/// What an error says before it goes on about usage. Names may be on lines of their own.
fn one_line(error: &str) -> String {
    let lines = error.lines().map(str::trim).take_while(|line| !line.is_empty());
    let line = lines.collect::<Vec<_>>().join(" ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

impl StackArguments {
    pub(crate) fn has_public_url(&self) -> bool {
        self.public_url.is_some()
    }

    pub(crate) fn options(self) -> Result<Options, String> {
        let defaults = Options::default();
        let accounts = match self.accounts {
            None => defaults.accounts.clone(),
            Some(file) => std::fs::read_to_string(&file)
                .map_err(|error| format!("cannot read {}: {error}", file.display()))?,
        };
        Ok(Options {
            listen: self.listen,
            accounts,
            data: self.data,
            every: self.every,
            public_url: self.public_url,
            public_webhooks: self.public_webhooks,
            ..defaults
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Arguments::command().debug_assert();
    }
}
