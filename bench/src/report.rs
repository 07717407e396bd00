//! What was measured, as a table to read and as JSON to compare. Not here: how it is measured.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// One figure, beside the same figure of a reference in the same run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) group: &'static str,
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
    /// What the reference took, in the same unit.
    pub(crate) reference: Option<f64>,
    /// How many times the reference it is.
    pub(crate) ratio: Option<f64>,
    pub(crate) aim: Option<Aim>,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Aim {
    /// At most so many times the reference.
    RatioAtMost(f64),
    /// Less than so much, in the unit of the row.
    Below(f64),
}

impl Row {
    pub(crate) fn new(
        group: &'static str,
        name: impl Into<String>,
        unit: &'static str,
        value: f64,
    ) -> Self {
        Self { group, name: name.into(), unit, value, reference: None, ratio: None, aim: None }
    }

    pub(crate) fn beside(self, reference: f64) -> Self {
        let ratio = (reference != 0.0).then(|| self.value / reference);
        Self { reference: Some(reference), ratio, ..self }
    }

    pub(crate) fn aim(self, aim: Aim) -> Self {
        Self { aim: Some(aim), ..self }
    }

    /// None without an aim, or when it speaks of a ratio and there is none.
    fn is_reached(&self) -> Option<bool> {
        match self.aim? {
            Aim::RatioAtMost(most) => self.ratio.map(|ratio| ratio <= most),
            Aim::Below(most) => Some(self.value < most),
        }
    }
}

/// All rows, as a table in Markdown whose columns line up.
pub(crate) struct Table<'a>(pub(crate) &'a [Row]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["group", "what", "unit", "value", "reference", "ratio", "aim", "reached"];
        let cells: Vec<[String; 8]> = self.0.iter().map(cells).collect();
        let width = |column: usize| {
            let lengths = cells.iter().map(|row| row[column].chars().count());
            lengths.max().unwrap_or(0).max(heads[column].len())
        };
        let widths: [usize; 8] = std::array::from_fn(width);
        line(f, &heads.map(str::to_owned), &widths)?;
        for (column, width) in widths.iter().enumerate() {
            let (dashes, colon) =
                ("-".repeat(width + 1), if is_number(column) { ":" } else { "-" });
            write!(f, "|{dashes}{colon}")?;
        }
        writeln!(f, "|")?;
        cells.iter().try_for_each(|row| line(f, row, &widths))
    }
}

fn cells(row: &Row) -> [String; 8] {
    let (aim, reached) = match row.aim {
        None => (String::new(), ""),
        Some(aim) => {
            let reached = match row.is_reached() {
                Some(true) => "yes",
                Some(false) => "no",
                None => "?",
            };
            let aim = match aim {
                Aim::RatioAtMost(most) => format!("≤ {most} ×"),
                Aim::Below(most) => format!("< {}", figure(most)),
            };
            (aim, reached)
        }
    };
    [
        row.group.to_owned(),
        row.name.clone(),
        row.unit.to_owned(),
        figure(row.value),
        row.reference.map(figure).unwrap_or_default(),
        row.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
        aim,
        reached.to_owned(),
    ]
}

fn line(f: &mut fmt::Formatter<'_>, cells: &[String; 8], widths: &[usize; 8]) -> fmt::Result {
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if is_number(column) {
            write!(f, "| {cell:>width$} ")?;
        } else {
            write!(f, "| {cell:<width$} ")?;
        }
    }
    writeln!(f, "|")
}

fn is_number(column: usize) -> bool {
    (3..=5).contains(&column)
}

/// With three digits that mean something, and none after the point that do not.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || size >= 100.0 || (size >= 1.0 && value.fract() == 0.0) => {
            format!("{value:.0}")
        }
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// The middle of what was measured, which a few disturbed runs do not move.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_whether_its_aim_is_reached() {
        let row = |value| Row::new("start", "to next", "ms", value);
        for (row, reached, reason) in [
            (row(2.0).beside(1.25).aim(Aim::RatioAtMost(1.6)), "yes", "just that"),
            (row(2.1).beside(1.25).aim(Aim::RatioAtMost(1.6)), "no", "a little more"),
            (row(2.0).aim(Aim::RatioAtMost(1.6)), "?", "beside nothing"),
            (row(2.0).beside(0.0).aim(Aim::RatioAtMost(1.6)), "?", "beside what took nothing"),
            (row(2.9).aim(Aim::Below(3.0)), "yes", "below it"),
            (row(3.0).aim(Aim::Below(3.0)), "no", "just that is not below it"),
            (row(3.0), "", "nothing is aimed at"),
        ] {
            assert_eq!(cells(&row)[7], reached, "{reason}");
        }
    }

    #[test]
    fn columns_line_up() {
        let rows = [
            Row::new("start", "to next", "ms", 2.0).beside(1.25).aim(Aim::RatioAtMost(1.6)),
            Row::new("start", "zip", "MB", 12345.6),
        ];
        assert_eq!(
            Table(&rows).to_string(),
            "\
| group | what    | unit | value | reference | ratio | aim     | reached |
|-------|---------|------|------:|----------:|------:|---------|---------|
| start | to next | ms   |     2 |      1.25 |  1.60 | ≤ 1.6 × | yes     |
| start | zip     | MB   | 12346 |           |       |         |         |
"
        );
    }

    #[test]
    fn the_median_is_in_the_middle() {
        for (values, middle) in
            [(vec![3.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0, 2.0, 3.0], 2.5), (vec![7.0], 7.0)]
        {
            assert_eq!(median(values), middle);
        }
        assert!(median(Vec::new()).is_nan());
    }
}
