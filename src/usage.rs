//! `filmgate usage`: what each key has used, by day, vendor and model.

use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::columns::columns;
use crate::database::{Database, DatabaseArguments};
use crate::json;
use crate::tables::{Counts, DayUsage};

#[derive(Debug, Args)]
pub(crate) struct UsageArguments {
    /// The first day, in UTC, e.g. 2026-11-01
    #[arg(long, value_name = "DATE")]
    from: Date,
    /// The last day, included; today, unless something else is said
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Of one key only
    #[arg(long, value_name = "ID")]
    key: Option<String>,
    #[command(flatten)]
    database: DatabaseArguments,
}

impl UsageArguments {
    /// What is wrong with arguments that are right each by itself.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.to {
            Some(to) if to < self.from => {
                return Err(format!("--to {to} is before --from {}", self.from));
            }
            _ => {}
        }
        if self.database.is_one_table() && self.key.is_none() {
            return Err(
                "the table of usage alone does not tell the keys: add --key ID, or give --stack in the place of --table"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// The whole answer. The names of fields are what scripts rely on.
#[derive(Serialize)]
struct Report {
    from: Date,
    to: Date,
    keys: Vec<KeyUsage>,
}

/// What a key has used.
#[derive(Serialize)]
struct KeyUsage {
    key: String,
    /// Absent when the key is no longer in its table, or that was not asked.
    name: Option<String>,
    usage: Vec<Row>,
    total: Total,
}

#[derive(Serialize)]
struct Row {
    day: Date,
    vendor: String,
    model: String,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Serialize)]
struct Total {
    succeeded: u64,
    failed: u64,
    refused: u64,
    seconds: f64,
    /// By vendor: each has a unit of its own.
    credits: BTreeMap<String, f64>,
}

pub(crate) async fn run(arguments: &UsageArguments, now: Timestamp) -> Result<String, String> {
    let UsageArguments { from, to, key, database: arguments } = arguments;
    let to = to.unwrap_or_else(|| now.to_zoned(TimeZone::UTC).date());
    if to < *from {
        return Err(format!("{from} is yet to come"));
    }
    let database = Database::open(arguments).await?;
    let table = database.usage()?;
    // The names of all keys, unless their table is not known.
    let mut names = BTreeMap::new();
    if !arguments.is_one_table() {
        let keys = database.keys()?.all().await.map_err(|error| database.explain(error))?;
        names.extend(keys.into_iter().map(|stored| (stored.key.id, stored.key.name)));
    }
    let owners: Vec<_> = match key {
        Some(key) => vec![key],
        None => names.keys().collect(),
    };
    let mut keys = Vec::new();
    for owner in owners {
        let days = table.of(owner, *from, to).await.map_err(|error| database.explain(error))?;
        let name = names.get(owner).cloned();
        if days.is_empty() && name.is_none() && !arguments.is_one_table() {
            return Err(format!("there is no key {owner}; filmgate keys list tells all"));
        }
        if !days.is_empty() || key.is_some() {
            keys.push(KeyUsage::new(owner.clone(), name, days));
        }
    }
    let report = Report { from: *from, to, keys };
    Ok(if arguments.json { json(&report) } else { report.text() })
}

impl KeyUsage {
    fn new(key: String, name: Option<String>, days: Vec<DayUsage>) -> Self {
        let mut sum = Counts::default();
        let mut credits = BTreeMap::<_, f64>::new();
        for day in &days {
            sum += day.counts;
            *credits.entry(day.vendor.clone()).or_default() += day.counts.credits;
        }
        credits.values_mut().for_each(|credits| *credits = tidy(*credits));
        let total = Total {
            succeeded: sum.succeeded,
            failed: sum.failed,
            refused: sum.refused,
            seconds: tidy(sum.seconds),
            credits,
        };
        let row = |DayUsage { day, vendor, model, mut counts }| {
            counts.seconds = tidy(counts.seconds);
            counts.credits = tidy(counts.credits);
            Row { day, vendor, model, counts }
        };
        Self { key, name, usage: days.into_iter().map(row).collect(), total }
    }
}

/// Without the dust that adding up decimal fractions leaves.
fn tidy(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

impl Report {
    fn text(&self) -> String {
        let Self { from, to, keys } = self;
        if keys.iter().all(|key| key.usage.is_empty()) {
            return format!("No task ended from {from} to {to} (UTC).\n");
        }
        let head = [
            "KEY",
            "NAME",
            "DAY",
            "VENDOR",
            "MODEL",
            "SUCCEEDED",
            "FAILED",
            "REFUSED",
            "SECONDS",
            "CREDITS",
        ];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for key in keys {
            let name = key.name.as_deref().unwrap_or_default();
            rows.extend(key.usage.iter().map(|row| {
                let Counts { succeeded, failed, refused, seconds, credits } = row.counts;
                vec![
                    key.key.clone(),
                    name.to_owned(),
                    row.day.to_string(),
                    row.vendor.clone(),
                    row.model.clone(),
                    succeeded.to_string(),
                    failed.to_string(),
                    refused.to_string(),
                    seconds.to_string(),
                    credits.to_string(),
                ]
            }));
            let Total { succeeded, failed, refused, seconds, credits } = &key.total;
            let credits: Vec<_> =
                credits.iter().map(|(vendor, credits)| format!("{vendor} {credits}")).collect();
            rows.push(vec![
                key.key.clone(),
                name.to_owned(),
                "sum".to_owned(),
                String::new(),
                String::new(),
                succeeded.to_string(),
                failed.to_string(),
                refused.to_string(),
                seconds.to_string(),
                credits.join(", "),
            ]);
        }
        columns(&rows, &[5, 6, 7, 8, 9])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(vendor: &str, counts: Counts) -> DayUsage {
        let day = "2026-11-21".parse().unwrap();
        DayUsage { day, vendor: vendor.to_owned(), model: format!("{vendor}-x"), counts }
    }

    #[test]
    fn credits_add_up_by_vendor_and_everything_else_by_key() {
        let tenth = Counts { succeeded: 1, seconds: 5.0, credits: 0.1, ..Counts::default() };
        let fifth = Counts { failed: 2, credits: 0.2, ..Counts::default() };
        let days = vec![day("kling", tenth), day("vidu", tenth), day("vidu", fifth)];
        let usage = KeyUsage::new("key_1".to_owned(), Some("acme".to_owned()), days);
        assert_eq!((usage.total.succeeded, usage.total.failed), (2, 2));
        assert!((usage.total.seconds - 10.0).abs() < f64::EPSILON);
        let report = Report {
            from: "2026-11-01".parse().unwrap(),
            to: usage.usage[0].day,
            keys: vec![usage],
        };
        let text = report.text();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(lines[4].ends_with("kling 0.1, vidu 0.3"), "{text}");
        assert!(
            lines.iter().all(|line| line.chars().count() == lines[0].chars().count()),
            "{text}"
        );
    }
}
