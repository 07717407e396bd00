//! The one way to accounts, and through them to dialects: it waits for the secret
//! that holds them, and reads it again when an account is missing or refused, or has other
//! credentials than a task was submitted with.

use std::fmt::Display;

use jiff::{SignedDuration, Timestamp};

use super::accounts::{Account, Accounts};
use crate::platform::SetupError;
use crate::platform::secrets::{Renewable, StoredSecret};
use crate::platform::telemetry::{Line, Unit};
use crate::task::{AccountId, Task, Vendor};

/// An account may stay refused for long, and reading a secret costs.
const REREAD_PAUSE: SignedDuration = SignedDuration::from_secs(10);

/// Why there is no account to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAccount {
    /// The secret with the accounts cannot be read, or what it has for this vendor makes no sense.
    Unreadable,
    /// This gateway has no such account.
    Missing,
}

/// The accounts of this gateway.
#[derive(Debug)]
pub(super) struct Registry {
    accounts: Renewable<Accounts>,
    /// Where the accounts come from.
    secret: StoredSecret,
}

impl Registry {
    /// The accounts that a secret holds, now and later.
    pub(super) fn open(secret: StoredSecret) -> Self {
        Self { accounts: Renewable::new(None, REREAD_PAUSE), secret }
    }

    /// Reads the accounts, unless they were read before. What is wrong with them is
    /// logged here.
    pub(super) async fn load(&self) -> Result<(), NoAccount> {
        let read = self.accounts.ready(|| self.read()).await;
        read.map(drop).map_err(|error| {
            tracing::error!(%error, "no vendor can be asked");
            let divided_by: &[&[_]] = &[&[]];
            let line = Line::new("no accounts");
            line.metric("CredentialsRefused", Unit::Count, 1, divided_by).write();
            NoAccount::Unreadable
        })
    }

    /// The account for a new task.
    pub(super) async fn choose(
        &self,
        vendor: Vendor,
        now: Timestamp,
    ) -> Result<Account, NoAccount> {
        self.get(vendor, |accounts| accounts.choose(vendor).cloned(), now).await
    }

    /// The accounts for new tasks, one of each vendor that has one, be it one that the operator
    /// has just put into the secret.
    pub(super) async fn all(&self, now: Timestamp) -> Result<Vec<Account>, NoAccount> {
        self.load().await?;
        let mut all = Vec::new();
        for vendor in Vendor::ALL {
            let choose = |accounts: &Accounts| accounts.choose(vendor).cloned();
            let known = self.accounts.current().and_then(|accounts| choose(&accounts));
            let account = match known {
                Some(account) => Some(account),
                None => self.reread(choose, now).await,
            };
            all.extend(account);
        }
        Ok(all)
    }

    /// The account of a task, with the credentials that the task was submitted with, if these
    /// are in the secret by now: those that are known may be older than the task.
    pub(super) async fn of_task(&self, task: &Task, now: Timestamp) -> Result<Account, NoAccount> {
        let account = self.of(task.vendor, &task.account, now).await?;
        if *account.credentials == task.credentials {
            return Ok(account);
        }
        let submitted_with = |accounts: &Accounts| {
            let account = accounts.of(task.vendor, &task.account)?;
            (*account.credentials == task.credentials).then(|| account.clone())
        };
        match self.reread(submitted_with, now).await {
            Some(account) => Ok(account),
            // A key that was exchanged: the new one is as good.
            None => self.of(task.vendor, &task.account, now).await,
        }
    }

    /// The account of this name, as far as is known.
    pub(super) async fn of(
        &self,
        vendor: Vendor,
        id: &AccountId,
        now: Timestamp,
    ) -> Result<Account, NoAccount> {
        self.get(vendor, |accounts| accounts.of(vendor, id).cloned(), now).await
    }

    /// Whether an account of a vendor's is known that fits.
    pub(super) fn knows(&self, vendor: Vendor, fits: impl Fn(&Account) -> bool) -> bool {
        self.accounts.current().is_some_and(|accounts| accounts.find(vendor, fits).is_some())
    }

    /// Whether a vendor has an account that fits, be it one that the operator has just
    /// put into the secret.
    pub(super) async fn has(
        &self,
        vendor: Vendor,
        fits: impl Fn(&Account) -> bool,
        now: Timestamp,
    ) -> bool {
        self.reread(|accounts| accounts.find(vendor, &fits).cloned(), now).await.is_some()
    }

    /// The same account with other credentials than those that were refused, if the
    /// operator has put them into the secret by now.
    pub(super) async fn renewed(&self, refused: &Account, now: Timestamp) -> Option<Account> {
        let other = |accounts: &Accounts| {
            let account = accounts.of(refused.vendor, &refused.id)?;
            account.differs(refused).then(|| account.clone())
        };
        self.reread(other, now).await
    }

    /// An account that is not known may have been added or mended.
    async fn get(
        &self,
        vendor: Vendor,
        find: impl Fn(&Accounts) -> Option<Account>,
        now: Timestamp,
    ) -> Result<Account, NoAccount> {
        self.load().await?;
        if let Some(account) = self.accounts.current().and_then(|accounts| find(&accounts)) {
            return Ok(account);
        }
        if let Some(account) = self.reread(find, now).await {
            return Ok(account);
        }
        if !self.accounts.current().is_some_and(|accounts| accounts.is_bad(vendor)) {
            return Err(NoAccount::Missing);
        }
        // What is wrong with it was logged when it was read.
        let divided_by: &[&[_]] = &[&[], &["vendor"]];
        let line = Line::new("no account").with("vendor", vendor.as_str());
        line.metric("CredentialsRefused", Unit::Count, 1, divided_by).write();
        Err(NoAccount::Unreadable)
    }

    async fn reread(
        &self,
        find: impl Fn(&Accounts) -> Option<Account>,
        now: Timestamp,
    ) -> Option<Account> {
        let suffices = |accounts: &Accounts| find(accounts).is_some();
        let accounts = self.accounts.renewed(suffices, now, || self.read()).await?;
        find(&accounts)
    }

    /// Reads the accounts. What is wrong with one is logged when it is new, and an
    /// account that was good before stays.
    async fn read(&self) -> Result<Accounts, SetupError> {
        let not_good = |why: &dyn Display| self.secret.error(&format!("is not good: {why}"));
        let text = self.secret.current().await?;
        let accounts = Accounts::read(&text).map_err(|error| not_good(&error))?;
        let before = self.accounts.current();
        for bad in accounts.bad() {
            if before.as_ref().is_some_and(|before| before.bad().contains(bad)) {
                continue;
            }
            let error = not_good(&bad.why);
            match bad.vendor {
                Some(vendor) => tracing::error!(%vendor, %error, "a vendor cannot be asked"),
                // Another version may know it.
                None => tracing::warn!(%error, "an account is of no known vendor"),
            }
        }
        Ok(match before {
            Some(before) => accounts.or_before(&before),
            None => accounts,
        })
    }
}
