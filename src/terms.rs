//! How long and until when, as people write it.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A length of time: 90d, 24h, 30m or 45s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Term(pub(crate) SignedDuration);

/// A hundred years: longer is a slip of the finger, and no sum overflows.
const LONGEST: SignedDuration = SignedDuration::from_hours(100 * 366 * 24);

impl FromStr for Term {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write it like 90d, 24h, 30m or 45s".to_owned();
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(digits);
        let seconds = match unit {
            "d" => 24 * 60 * 60,
            "h" => 60 * 60,
            "m" => 60,
            "s" => 1,
            _ => return Err(wrong()),
        };
        let number: i64 = number.parse().map_err(|_| wrong())?;
        number
            .checked_mul(seconds)
            .map(SignedDuration::from_secs)
            .filter(|term| *term <= LONGEST)
            .map(Self)
            .ok_or_else(|| "that is longer than a hundred years".to_owned())
    }
}

/// When a key is to expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    Never,
    In(Term),
    At(Timestamp),
}

impl Expiry {
    pub(crate) fn from(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::In(Term(term)) => Some(now + term),
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
        match text.parse::<Term>() {
            Ok(Term(term)) if term.is_zero() => {
                Err("a key that expires at once is none".to_owned())
            }
            Ok(term) => Ok(Self::In(term)),
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
    fn a_term_is_a_number_and_a_unit() {
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
            let term = text.parse::<Term>().ok().map(|Term(term)| term.as_secs());
            assert_eq!(term, seconds, "{text}");
        }
    }

    #[test]
    fn an_expiry_is_a_term_a_time_or_a_date() {
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
