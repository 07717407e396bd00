//! Lengths and points of time, as people type them.

use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A hundred years: longer is a slip of the finger, and no sum overflows.
const LONGEST: SignedDuration = SignedDuration::from_hours(100 * 366 * 24);

/// A length of time that may be nought: 90d, 24h, 30m or 45s.
pub(crate) fn read_duration(text: &str) -> Result<SignedDuration, String> {
    let day = 24 * 60 * 60_000;
    let units = [("d", day), ("h", 60 * 60_000), ("m", 60_000), ("s", 1_000)];
    let duration = read_length(text, &units).ok_or("write it like 90d, 24h, 30m or 45s")?;
    SignedDuration::try_from(duration)
        .ok()
        .filter(|duration| *duration <= LONGEST)
        .ok_or_else(|| "that is longer than a hundred years".to_owned())
}

/// The time from one start of something to the next: 500ms, 1s or 2m.
pub(crate) fn read_interval(text: &str) -> Result<Duration, String> {
    read_length(text, &[("ms", 1), ("s", 1_000), ("m", 60_000)])
        .filter(|interval| !interval.is_zero())
        .ok_or_else(|| "write it like 500ms, 1s or 2m".to_owned())
}

/// A whole number and one of these units, which are given in milliseconds.
fn read_length(text: &str, units: &[(&str, u32)]) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, millis) = units.iter().find(|(name, _)| *name == unit)?;
    let length = number.parse::<u64>().ok()?.saturating_mul(u64::from(*millis));
    Some(Duration::from_millis(length))
}

/// When a key is to expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    Never,
    In(SignedDuration),
    At(Timestamp),
}

impl Expiry {
    pub(crate) fn from(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::In(duration) => Some(now + duration),
            Self::At(at) => Some(at),
        }
    }
}

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::At(at));
        }
        if let Ok(date) = text.parse::<Date>() {
            let midnight = date.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
            return Ok(Self::At(midnight.timestamp()));
        }
        match read_duration(text) {
            Ok(duration) if duration.is_zero() => {
                Err("a key that expires at once is none".to_owned())
            }
            Ok(duration) => Ok(Self::In(duration)),
            Err(_) => {
                Err("write it like 90d, 12h, 2027-01-31, 2027-01-31T12:00:00Z or never".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        let rows = [
            ("90d", Some(90 * 86_400)),
            ("24h", Some(86_400)),
            ("30m", Some(1_800)),
            ("45s", Some(45)),
            ("0s", Some(0)),
            ("36600d", Some(36_600 * 86_400)),
            ("36601d", None),
            ("9999999999999999999d", None),
            ("90", None),
            ("d", None),
            ("-1d", None),
            ("1w", None),
            ("", None),
        ];
        for (text, seconds) in rows {
            let read = read_duration(text).ok().map(|duration| duration.as_secs());
            assert_eq!(read, seconds, "{text}");
        }
    }

    #[test]
    fn an_interval_is_a_number_and_a_unit_and_not_nought() {
        let rows = [
            ("1s", Some(1_000)),
            ("500ms", Some(500)),
            ("2m", Some(120_000)),
            ("0s", None),
            ("1", None),
            ("s", None),
            ("-1s", None),
            ("1h", None),
        ];
        for (text, millis) in rows {
            assert_eq!(read_interval(text).ok(), millis.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn an_expiry_is_a_duration_a_time_or_a_date() {
        let now = "2026-11-21T04:00:00Z".parse().unwrap();
        let rows = [
            ("90d", Some(Some("2027-02-19T04:00:00Z"))),
            ("12h", Some(Some("2026-11-21T16:00:00Z"))),
            ("2027-01-31", Some(Some("2027-01-31T00:00:00Z"))),
            ("2027-01-31T12:00:00+02:00", Some(Some("2027-01-31T10:00:00Z"))),
            ("never", Some(None)),
            ("0d", None),
            ("2027-02-30", None),
            ("soon", None),
        ];
        for (text, expected) in rows {
            let read = text.parse::<Expiry>().ok();
            let read = read.map(|expiry| expiry.from(now).map(|at| at.to_string()));
            assert_eq!(read, expected.map(|at| at.map(str::to_owned)), "{text}");
        }
    }
}
