//! The id of a task.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Thirty-two hexadecimal digits that sort by time (a UUID, version 7).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(String);

/// What ids begin with on the surface that is OpenAI's.
const VIDEO: &str = "video_";

impl TaskId {
    pub fn new(now: Timestamp, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid();
        Self(uuid.simple().to_string())
    }

    /// An id as clients write it, on either surface: with or without `video_` before it.
    pub fn read(text: &str) -> Option<Self> {
        text.strip_prefix(VIDEO).unwrap_or(text).parse().ok()
    }

    /// The id as OpenAI's surface writes it.
    pub fn as_video(&self) -> String {
        format!("{VIDEO}{}", self.0)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When it was made, which an id tells to the millisecond.
    pub fn created_at(&self) -> Timestamp {
        let millis = self.0.get(..12).and_then(|digits| i64::from_str_radix(digits, 16).ok());
        millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or_default()
    }

    /// A number that differs from task to task, for spreading them.
    pub fn spread(&self) -> u32 {
        // The last digits of an id are random; the first ones are the time.
        let digits = self.0.get(self.0.len().saturating_sub(7)..).unwrap_or_default();
        u32::from_str_radix(digits, 16).unwrap_or(0)
    }
}

impl FromStr for TaskId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let fits = text.len() == 32 && text.bytes().all(digit);
        fits.then(|| Self(text.to_owned())).ok_or(())
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_of_one_moment_are_spread() {
        let spread = |random| TaskId::new(Timestamp::UNIX_EPOCH, &random).spread();
        assert_eq!(spread([0; 10]), 0);
        assert_eq!(spread([255; 10]), 0x0fff_ffff);
        let last = |last| spread([7, 7, 7, 7, 7, 7, 7, 7, 7, last]) % 16;
        let spreads: Vec<_> = (0..16).map(last).collect();
        assert_eq!(spreads, Vec::from_iter(0..16), "each has another place among sixteen");
    }

    #[test]
    fn ids_sort_by_time_and_are_read_back() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let early = TaskId::new(at(1_784_019_600), &[255; 10]);
        let late = TaskId::new(at(1_784_019_601), &[0; 10]);
        assert!(early.as_str() < late.as_str());
        assert_eq!(early.as_str().parse(), Ok(early.clone()));
        assert_eq!(early.created_at(), at(1_784_019_600));
        assert_eq!(
            (format!("{early}"), format!("{early:?}")),
            (early.as_str().to_owned(), early.as_str().to_owned())
        );
        for text in ["", "1", &"g".repeat(32), &"A".repeat(32), &"a".repeat(33)] {
            assert!(text.parse::<TaskId>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_id_is_read_with_and_without_its_prefix() {
        let digits = "a".repeat(32);
        let id = digits.parse().ok();
        let rows = [
            (digits.clone(), id.clone()),
            (format!("video_{digits}"), id),
            (format!("video_video_{digits}"), None),
            (format!("task_{digits}"), None),
            ("video_".to_owned(), None),
        ];
        for (text, read) in rows {
            assert_eq!(TaskId::read(&text), read, "{text}");
            if let Some(id) = read {
                assert_eq!(TaskId::read(&id.as_video()), Some(id));
            }
        }
    }
}
