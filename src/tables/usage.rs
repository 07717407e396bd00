//! What a key has used, added up by day, vendor and model.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::error::TableError;

/// The table of usage.
pub struct UsageTable {
    client: Client,
    table: String,
}

/// What was used, in numbers; one that is absent from an item is nought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Tasks by how they ended; those refused were never made.
    pub succeeded: u64,
    pub failed: u64,
    pub refused: u64,
    /// Of finished videos.
    pub seconds: f64,
    /// In the vendor's own unit, so that those of two vendors add up to nothing.
    pub credits: f64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        let Self { succeeded, failed, refused, seconds, credits } = other;
        self.succeeded += succeeded;
        self.failed += failed;
        self.refused += refused;
        self.seconds += seconds;
        self.credits += credits;
    }
}

/// What was used of a vendor's model on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct DayUsage {
    /// In UTC.
    pub day: Date,
    pub vendor: String,
    pub model: String,
    pub counts: Counts,
}

/// An item, which is a part of a day's usage of a model.
#[derive(Deserialize)]
struct Part {
    what: String,
    #[serde(flatten)]
    counts: Counts,
}

impl UsageTable {
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// What a key has used from one day to another, both included.
    pub async fn of(&self, owner: &str, from: Date, to: Date) -> Result<Vec<DayUsage>, TableError> {
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#owner = :owner AND #what BETWEEN :from AND :to")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#what", "what")
            .expression_attribute_values(":owner", AttributeValue::S(owner.to_owned()))
            .expression_attribute_values(":from", AttributeValue::S(format!("{from}/")))
            // `0` is the sign after `/`.
            .expression_attribute_values(":to", AttributeValue::S(format!("{to}0")))
            .into_paginator()
            .items()
            .send();
        let mut parts = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| TableError::aws(&error))?;
            let part: Part = serde_dynamo::from_item(item)
                .map_err(|error| TableError::item(&self.table, error))?;
            parts.push((part.what, part.counts));
        }
        add_up(parts)
            .map_err(|what| TableError::item(&self.table, format!("`{what}` is no day's usage")))
    }
}

/// Puts the parts of each day and model together, in their order.
fn add_up(parts: Vec<(String, Counts)>) -> Result<Vec<DayUsage>, String> {
    let mut sums = BTreeMap::<_, Counts>::new();
    for (what, counts) in parts {
        let Some((day, vendor, model)) = read_what(&what) else { return Err(what) };
        *sums.entry((day, vendor.to_owned(), model.to_owned())).or_default() += counts;
    }
    let day_usage = |((day, vendor, model), counts)| DayUsage { day, vendor, model, counts };
    Ok(sums.into_iter().map(day_usage).collect())
}

/// `2026-11-21/vidu/viduq1/3`: day, vendor, model and part. The model's name is
/// the client's word and may have slashes of its own.
fn read_what(what: &str) -> Option<(Date, &str, &str)> {
    let (day, rest) = what.split_once('/')?;
    let (vendor, rest) = rest.split_once('/')?;
    let (model, part) = rest.rsplit_once('/')?;
    part.parse::<u32>().ok()?;
    Some((day.parse().ok()?, vendor, model))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_says_its_day_vendor_and_model() {
        let rows = [
            ("2026-11-21/vidu/viduq1/3", Some(("2026-11-21", "vidu", "viduq1"))),
            ("2026-11-21/kling/team/a/b/0", Some(("2026-11-21", "kling", "team/a/b"))),
            ("2026-11-21/kling//7", Some(("2026-11-21", "kling", ""))),
            ("2026-11-21/vidu/viduq1", None),
            ("2026-11-21/vidu/viduq1/x", None),
            ("2026-13-21/vidu/viduq1/3", None),
            ("unfinished", None),
            ("minute/2026-11-21T04:24Z", None),
        ];
        for (what, expected) in rows {
            let read = read_what(what).map(|(day, vendor, model)| (day.to_string(), vendor, model));
            let read = read.as_ref().map(|(day, vendor, model)| (day.as_str(), *vendor, *model));
            assert_eq!(read, expected, "{what}");
        }
    }

    #[test]
    fn the_parts_of_a_day_are_one_sum() {
        let counts = |succeeded, failed, seconds, credits| Counts {
            succeeded,
            failed,
            seconds,
            credits,
            ..Counts::default()
        };
        let rows = [
            ("2026-11-22/vidu/viduq1/0", counts(1, 0, 5.0, 4.0)),
            ("2026-11-21/vidu/viduq1/3", counts(2, 1, 10.0, 8.5)),
            ("2026-11-21/vidu/viduq1/7", counts(1, 0, 5.0, 4.0)),
            ("2026-11-21/kling/kling-v3/7", counts(0, 1, 0.0, 0.0)),
        ];
        let parts = rows.map(|(what, counts)| (what.to_owned(), counts)).to_vec();
        let sums: Vec<_> = add_up(parts)
            .unwrap()
            .into_iter()
            .map(|usage| (usage.day.to_string(), usage.model, usage.counts))
            .collect();
        let expected = [
            ("2026-11-21", "kling-v3", counts(0, 1, 0.0, 0.0)),
            ("2026-11-21", "viduq1", counts(3, 1, 15.0, 12.5)),
            ("2026-11-22", "viduq1", counts(1, 0, 5.0, 4.0)),
        ];
        let expected =
            expected.map(|(day, model, counts)| (day.to_owned(), model.to_owned(), counts));
        assert_eq!(sums, expected);
        let foreign = vec![("unfinished".to_owned(), Counts::default())];
        assert_eq!(add_up(foreign), Err("unfinished".to_owned()));
    }
}
