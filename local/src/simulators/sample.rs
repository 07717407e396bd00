//! The video that every simulated generation turns out to be: two seconds of a sun over a sea.
//! Browsers play it and can seek in it; no vendor's figures are read from it.

use std::ops::RangeInclusive;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use http::{HeaderMap, Method, StatusCode};

/// 320x180, 24 frames a second, H.264 main profile, its index ahead of its pictures.
pub const SAMPLE: &[u8] = include_bytes!("sample.mp4");

/// Answers GET and HEAD for the video; a handler for `axum::routing::get`.
pub async fn serve(method: Method, headers: HeaderMap) -> Response {
    // RFC 9110, 14.2: a range means something to GET alone.
    let range =
        headers.get(RANGE).filter(|_| method == Method::GET).and_then(|value| value.to_str().ok());
    match read_range(range, SAMPLE.len()) {
        Asked::Whole => (
            StatusCode::OK,
            [
                (CONTENT_TYPE, "video/mp4".to_owned()),
                (ACCEPT_RANGES, "bytes".to_owned()),
                (CONTENT_LENGTH, SAMPLE.len().to_string()),
            ],
            Bytes::from_static(SAMPLE),
        )
            .into_response(),
        Asked::Part(part) => (
            StatusCode::PARTIAL_CONTENT,
            [
                (CONTENT_TYPE, "video/mp4".to_owned()),
                (ACCEPT_RANGES, "bytes".to_owned()),
                (CONTENT_RANGE, format!("bytes {}-{}/{}", part.start(), part.end(), SAMPLE.len())),
            ],
            Bytes::from_static(&SAMPLE[part]),
        )
            .into_response(),
        Asked::Nothing => (
            StatusCode::RANGE_NOT_SATISFIABLE,
            [
                (ACCEPT_RANGES, "bytes".to_owned()),
                (CONTENT_RANGE, format!("bytes */{}", SAMPLE.len())),
            ],
        )
            .into_response(),
    }
}

#[derive(Debug, PartialEq)]
enum Asked {
    Whole,
    Part(RangeInclusive<usize>),
    Nothing,
}

/// Several ranges at once, and what is no range, mean the whole: RFC 9110 lets a server ignore
/// both.
fn read_range(header: Option<&str>, length: usize) -> Asked {
    let Some((unit, range)) = header.and_then(|header| header.split_once('=')) else {
        return Asked::Whole;
    };
    let Some((first, last)) = range.trim().split_once('-') else {
        return Asked::Whole;
    };
    if !unit.eq_ignore_ascii_case("bytes") {
        return Asked::Whole;
    }
    match (first, last, read_position(first), read_position(last)) {
        ("", _, None, Some(0)) => Asked::Nothing,
        ("", _, None, Some(suffix)) => Asked::Part(length.saturating_sub(suffix)..=length - 1),
        (_, _, Some(first), Some(last)) if last < first => Asked::Whole,
        (_, "", Some(first), None) | (_, _, Some(first), Some(_)) if first >= length => {
            Asked::Nothing
        }
        (_, "", Some(first), None) => Asked::Part(first..=length - 1),
        (_, _, Some(first), Some(last)) => Asked::Part(first..=last.min(length - 1)),
        _ => Asked::Whole,
    }
}

/// A position too large for a `usize` is as far behind the end as any other.
fn read_position(text: &str) -> Option<usize> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_rfc_9110_says() {
        let rows = [
            (None, Asked::Whole, "nothing asked"),
            (Some("bytes=0-0"), Asked::Part(0..=0), "one byte"),
            (Some("bytes=10-19"), Asked::Part(10..=19), "ten bytes"),
            (Some("bytes=90-"), Asked::Part(90..=99), "to the end"),
            (Some("bytes=90-500"), Asked::Part(90..=99), "past the end"),
            (Some("bytes=-7"), Asked::Part(93..=99), "the last seven"),
            (Some("bytes=-500"), Asked::Part(0..=99), "a long suffix"),
            (Some("Bytes=1-2"), Asked::Part(1..=2), "units have no case"),
            (
                Some("bytes=1-99999999999999999999999"),
                Asked::Part(1..=99),
                "a number too large to hold",
            ),
            (Some("bytes=100-"), Asked::Nothing, "starts at the end"),
            (Some("bytes=100-200"), Asked::Nothing, "starts at the end"),
            (Some("bytes=-0"), Asked::Nothing, "no bytes at all"),
            (Some("bytes=9-1"), Asked::Whole, "backwards is no range"),
            (Some("bytes=-"), Asked::Whole, "neither end"),
            (Some("bytes=+1-2"), Asked::Whole, "signs are no digits"),
            (Some("bytes=0-1,5-6"), Asked::Whole, "several at once"),
            (Some("lines=0-1"), Asked::Whole, "an unknown unit"),
            (Some("bytes"), Asked::Whole, "no range"),
        ];
        for (header, expected, reason) in rows {
            assert_eq!(read_range(header, 100), expected, "{reason}: {header:?}");
        }
    }

    #[tokio::test]
    async fn the_video_is_served_whole_in_part_and_not_past_its_end() {
        let whole = SAMPLE.len();
        let rows = [
            (Method::GET, None, 200, None),
            (Method::GET, Some("bytes=4-7"), 206, Some(format!("bytes 4-7/{whole}"))),
            (Method::GET, Some("bytes=999999-"), 416, Some(format!("bytes */{whole}"))),
            (Method::HEAD, Some("bytes=4-7"), 200, None),
        ];
        for (method, range, status, content_range) in rows {
            let mut headers = HeaderMap::new();
            if let Some(range) = range {
                headers.insert(RANGE, range.parse().unwrap());
            }
            let answer = serve(method.clone(), headers).await;
            let told =
                answer.headers().get(CONTENT_RANGE).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(answer.status(), status, "{method} {range:?}");
            assert_eq!(told, content_range, "{method} {range:?}");
            assert_eq!(answer.headers()[ACCEPT_RANGES], "bytes");
        }
    }

    #[test]
    fn the_video_can_start_before_it_is_all_there() {
        let find = |name: &[u8]| SAMPLE.windows(4).position(|window| window == name);
        assert!(find(b"moov").unwrap() < find(b"mdat").unwrap());
        assert!(SAMPLE.len() < 8 * 1024, "the video stays small");
    }
}
