//! Which vendors are called for real, and which are simulated.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde_json::{Map, Value};
use shared::task::Vendor;
use shared::vendors::{AccountsError, check_accounts};

use crate::clock::Clock;
use crate::simulators::ledger::Ledger;
use crate::simulators::{Record, Simulator};

/// The accounts of a local stack: those that were given, and simulators for the rest.
pub(crate) struct Accounts {
    /// As the deployed secret holds them.
    pub(crate) json: String,
    pub(crate) simulated: Vec<Vendor>,
    /// Dropping them stops them.
    simulators: BTreeMap<Vendor, Simulator>,
}

/// Checks accounts as the functions will, to say it at once and in one line.
pub(crate) fn check(accounts: &str) -> Result<(), AccountsError> {
    check_accounts(accounts)
}

impl Accounts {
    pub(crate) async fn start(
        given: &str,
        pace: Duration,
        ledger: &Ledger,
        clock: Clock,
    ) -> io::Result<Self> {
        let mut accounts: Map<String, Value> = serde_json::from_str(given)?;
        let mut simulators = BTreeMap::new();
        let mut simulated = Vec::new();
        for vendor in Vendor::ALL {
            if accounts.contains_key(vendor.as_str()) {
                continue;
            }
            let simulator = Simulator::start(vendor, pace, ledger.clone(), clock).await?;
            accounts.insert(vendor.to_string(), simulator.account());
            simulators.insert(vendor, simulator);
            simulated.push(vendor);
        }
        let json = Value::Object(accounts).to_string();
        Ok(Self { json, simulated, simulators })
    }

    /// The submissions that each simulated vendor received.
    pub(crate) fn records(&self) -> io::Result<BTreeMap<Vendor, Vec<Record>>> {
        let simulators = self.simulators.iter();
        simulators.map(|(vendor, simulator)| Ok((*vendor, simulator.records()?))).collect()
    }
}
