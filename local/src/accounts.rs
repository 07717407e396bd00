//! Which vendors are called for real, and which are simulated.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde_json::{Map, Value};
use shared::task::Vendor;
use shared::vendors::{AccountsError, check_accounts};

use crate::clock::Clock;
use crate::simulators::ledger::Ledger;
use crate::simulators::{ACCOUNTS, AskedInVain, Record, Simulator};

/// The accounts of a local stack: those that were given, and simulators for the rest.
pub(crate) struct Accounts {
    given: Map<String, Value>,
    pub(crate) simulated: Vec<Vendor>,
    /// The simulated accounts of one number at each vendor. Dropping them stops them.
    simulators: Vec<BTreeMap<Vendor, Simulator>>,
}

/// Checks accounts as the functions will, to say it at once and in one line.
pub(crate) fn check(accounts: &str) -> Result<(), AccountsError> {
    check_accounts(accounts)
}

impl Accounts {
    /// Starts one account at each simulated vendor, or all that there are.
    pub(crate) async fn start(
        given: &str,
        has_others: bool,
        pace: Duration,
        ledger: &Ledger,
        clock: Clock,
    ) -> io::Result<Self> {
        let given: Map<String, Value> = serde_json::from_str(given)?;
        let is_simulated = |vendor: &Vendor| !given.contains_key(vendor.as_str());
        let simulated: Vec<_> = Vendor::ALL.into_iter().filter(is_simulated).collect();
        let mut simulators = Vec::new();
        for number in 0..if has_others { ACCOUNTS } else { 1 } {
            // What another account remembers is none of the first one's business.
            let ledger = if number == 0 { ledger.clone() } else { Ledger::open(None)? };
            let mut of_number = BTreeMap::new();
            for &vendor in &simulated {
                let simulator = Simulator::start(vendor, number, pace, ledger.clone(), clock);
                of_number.insert(vendor, simulator.await?);
            }
            simulators.push(of_number);
        }
        Ok(Self { given, simulated, simulators })
    }

    /// As the deployed secret holds them, with the simulated ones of this number.
    pub(crate) fn json(&self, number: usize) -> String {
        let mut accounts = self.given.clone();
        for (vendor, simulator) in &self.simulators[number] {
            accounts.insert(vendor.to_string(), simulator.account());
        }
        Value::Object(accounts).to_string()
    }

    /// The submissions that each simulated vendor received for the account of this number.
    pub(crate) fn records(&self, number: usize) -> io::Result<BTreeMap<Vendor, Vec<Record>>> {
        let simulators = self.simulators[number].iter();
        simulators.map(|(vendor, simulator)| Ok((*vendor, simulator.records()?))).collect()
    }

    /// The questions about tasks that the account of this number does not have.
    pub(crate) fn asked_in_vain(&self, number: usize) -> BTreeMap<Vendor, Vec<AskedInVain>> {
        let simulators = self.simulators[number].iter();
        simulators.map(|(vendor, simulator)| (*vendor, simulator.asked_in_vain())).collect()
    }
}
