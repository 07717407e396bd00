//! The service from outside: real handlers, a real DynamoDB API, real sockets.
//!
//! Each test has a stack of its own on port 0. What it proves of vendors is
//! what the simulators answer.

mod audit;
mod between;
mod callbacks;
mod cancel;
mod capacity;
mod changes;
mod command;
mod command_aws;
mod command_keys;
mod command_task;
mod command_usage;
mod contract;
mod contract_drift;
mod contract_public;
mod create;
mod deadlines;
mod delete;
mod dice;
mod dry_run;
mod events;
mod every_call;
mod gateway;
mod given_up;
mod idempotency;
mod keys;
mod limits;
mod lines;
mod links;
mod lists;
mod misbehaviour;
mod models;
mod parts;
mod permissions;
mod reconcile;
mod replaced;
mod secrets;
mod smoke;
#[path = "../smoke/checks.rs"]
mod smoke_checks;
mod store;
mod storm;
mod tries;
mod usage;
mod vendor_trouble;
mod vendors;
mod videos;
mod webhook_receiver;
mod webhooks;
mod world;

use local::scripted_vidu;
