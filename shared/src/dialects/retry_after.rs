//! How long a vendor asks us to wait.

use bytes::Bytes;
use http::{Response, header};

/// The seconds that an answer asks us to wait.
pub(super) fn retry_after(answer: &Response<Bytes>) -> Option<u32> {
    answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_seconds_are_read_and_nothing_else() {
        let rows = [
            ("0", Some(0)),
            ("17", Some(17)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("Tue, 14 Jul 2026 09:02:00 GMT", None),
            ("99999999999", None),
        ];
        for (value, seconds) in rows {
            let answer = Response::builder().header("retry-after", value).body(Bytes::new());
            assert_eq!(retry_after(&answer.expect("an answer")), seconds, "{value}");
        }
        assert_eq!(retry_after(&Response::new(Bytes::new())), None);
    }
}
