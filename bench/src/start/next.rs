//! From nothing to the first ask for work, seen by a socket and nothing else: a server that
//! has to be woken for it takes about as long as what is measured.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use local::runtime_api;

use crate::process::Process;

/// The time until it asks, and that of its threads on a processor until it waits.
pub(super) async fn after(
    binary: &Path,
    variables: &BTreeMap<String, String>,
) -> Result<(Duration, Duration), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let mut command = runtime_api::command(binary, variables, &address).into_std();
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let spawned = Instant::now();
    let mut child = command.spawn()?;
    let (mut connection, _) = listener.accept()?;
    let mut head = [0; 1024];
    let length = connection.read(&mut head)?;
    let next = spawned.elapsed();

    let cpu = Process(child.id()).cpu_at_rest().await;
    child.kill()?;
    child.wait()?;
    let head = String::from_utf8_lossy(&head[..length]);
    if !head.starts_with("GET /2018-06-01/runtime/invocation/next ") {
        return Err(format!("{} asked for something else: {head}", binary.display()).into());
    }
    Ok((next, cpu?))
}
