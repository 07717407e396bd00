//! The whole service in one process: the functions that ship, an embedded
//! DynamoDB, simulated vendors and an HTTP front in the place of API Gateway.
//!
//! Not here: anything that ships. What this stack cannot prove is in
//! [`NOT_PROVEN`].

pub mod client;
pub mod runtime_api;
pub mod scripted_vidu;
pub mod simulators;
pub mod template;

mod accounts;
mod clock;
mod conflicts;
mod database;
mod front;
mod functions;
mod guard;
mod other_database;
mod random;
mod receiver;
mod reply;
mod schedule;
mod secrets;
mod server;
mod stack;
mod stream;

pub use clock::Clock;
pub use conflicts::Conflicts;
pub use receiver::Receiver;
pub use reply::Reply;
pub use stack::{Options, Stack, StackError, TEST_DYNAMODB};
pub use stream::Events;

/// The key that is always valid on a local stack.
pub const LOCAL_KEY: &str = "sk-local";

/// What runs differently in AWS, for those who are about to trust a green run here.
pub const NOT_PROVEN: &str = "\
IAM beyond the functions' own policies, API Gateway's own limits and answers, eventual consistency \
and throttling of DynamoDB, deletion by time to live, cold starts, what the real vendors do";
