//! Forms as clients really send them, and forms that nobody should.

use http::HeaderMap;
use serde_json::json;

use super::*;
use crate::api::Image;
use crate::api::request;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

/// A part: its headers after `form-data; `, and its bytes.
type Part<'a> = (&'a str, &'a [u8]);

fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, bytes) in parts {
        body.extend(format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n").bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    body
}

fn read_form(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    read("multipart/form-data; boundary=b", body)
}

fn named<'a>(name: &'a str, text: &'a str) -> (String, &'a [u8]) {
    (format!("name=\"{name}\""), text.as_bytes())
}

fn fields(parts: &[(&str, &str)]) -> Result<Map<String, Value>, ApiError> {
    let parts: Vec<_> = parts.iter().map(|(name, text)| named(name, text)).collect();
    let parts: Vec<Part<'_>> = parts.iter().map(|(head, text)| (head.as_str(), *text)).collect();
    read_form(&form(&parts))
}

#[test]
fn names_with_brackets_are_lists_and_objects() {
    let read = fields(&[
        ("model", "viduq1"),
        ("prompt", "A \"calm\" sea\nwith née 海"),
        ("images[]", "u1"),
        ("images[]", "u2"),
        ("list[0]", "a"),
        ("list[1]", "b"),
        ("metadata[negative_prompt]", "rain"),
        ("metadata[camera][a]", "1"),
        ("metadata[camera][b]", "2"),
        ("metadata[shots][0][prompt]", "one"),
        ("metadata[shots][1][prompt]", "two"),
        ("empty", ""),
    ]);
    let expected = json!({
        "model": "viduq1",
        "prompt": "A \"calm\" sea\nwith née 海",
        "images": ["u1", "u2"],
        "list": ["a", "b"],
        "metadata": {
            "negative_prompt": "rain",
            "camera": { "a": "1", "b": "2" },
            "shots": [{ "prompt": "one" }, { "prompt": "two" }],
        },
        "empty": "",
    });
    assert_eq!(Value::from(read.unwrap()), expected);
}

#[test]
fn a_file_is_what_its_bytes_are() {
    let png = STANDARD.encode(PNG);
    let rows: [(&str, &[u8], &str, &str); 6] = [
        ("name=\"image\"; filename=\"a.png\"\r\nContent-Type: image/png", PNG, &png, "a tuple"),
        (
            "name=\"image\"; filename=\"upload\"\r\nContent-Type: text/html",
            PNG,
            &png,
            "its type lies",
        ),
        ("name=\"image\"; filename=\"/etc/passwd\"", PNG, &png, "a path"),
        ("name=\"image\"; filename=\"\"", PNG, &png, "no name"),
        (
            "name=\"image\"; filename=\"i.png\"\r\nContent-Type: image/png",
            b"https://a.example/1.png\n",
            "https://a.example/1.png",
            "an address sent as a file",
        ),
        (
            "name=\"image\"; filename=\"i.png\"",
            b"data:image/png;base64,iVBORw0KGgo=",
            "data:image/png;base64,iVBORw0KGgo=",
            "a data URL sent as a file",
        ),
    ];
    for (head, bytes, expected, reason) in rows {
        let read = read_form(&form(&[(head, bytes)])).expect(reason);
        assert_eq!(read["image"], expected, "{reason}");
    }
}

#[test]
fn what_is_wrong_with_a_form_is_a_400_that_names_it() {
    let file = |name: &str| format!("name=\"{name}\"; filename=\"f\"");
    let good = form(&[("name=\"a\"", b"1")]);
    let many: Vec<Part<'_>> = vec![("name=\"images[]\"", b"u"); 101];
    let long = format!("name=\"{}\"", "n".repeat(201));
    let longest = format!("name=\"{}\"", "n".repeat(200));
    assert!(read_form(&form(&[(&longest, b"1")])).is_ok());
    let twice: &[Part<'_>] = &[("name=\"a\"", b"1"), ("name=\"a\"", b"1")];
    let rows: [(Vec<u8>, Option<&str>, &str); 19] = [
        (form(twice), Some("a"), "one field twice"),
        (form(&[("name=\"a\"", b"1"), ("name=\"a[]\"", b"1")]), Some("a[]"), "text and list"),
        (form(&[("name=\"a[b]\"", b"1"), ("name=\"a[]\"", b"1")]), Some("a[]"), "object and list"),
        (form(&[("name=\"a[1]\"", b"1")]), Some("a[1]"), "a list without a beginning"),
        (form(&[("name=\"a[b][c][d][e]\"", b"1")]), Some("a[b][c][d][e]"), "too deep"),
        (form(&[("name=\"a[b\"", b"1")]), Some("a[b"), "half a bracket"),
        (form(&[("name=\"a[b]c\"", b"1")]), Some("a[b]c"), "more behind it"),
        (form(&[("name=\"[b]\"", b"1")]), Some("[b]"), "nothing before it"),
        (form(&[("name=\"prompt\"", b"\xff")]), Some("prompt"), "not UTF-8"),
        (form(&[(&file("prompt"), PNG)]), Some("prompt"), "a file where a text is"),
        (form(&[(&file("image"), b"")]), Some("image"), "an empty file"),
        (form(&[("name=\"\"", b"1")]), None, "an empty name"),
        (form(&[("filename=\"f\"", b"1")]), None, "no name"),
        (form(&[(&long, b"1")]), None, "a long name"),
        (form(&many), None, "too many parts"),
        (good[..good.len() - 8].to_vec(), None, "cut off"),
        (b"--b".to_vec(), None, "only begun"),
        (b"nothing of the kind".to_vec(), None, "no form"),
        (b"--b\r\nno header\r\n\r\n1\r\n--b--".to_vec(), None, "a broken header"),
    ];
    for (body, param, reason) in rows {
        let error = read_form(&body).expect_err(reason);
        assert_eq!(error.status(), 400, "{reason}");
        assert_eq!(error.body.param.as_deref(), param, "{reason}: {}", error.body.message);
        assert!(error.body.message.len() < 200, "{reason}");
    }
}

#[test]
fn what_surrounds_the_parts_does_not_matter() {
    let parts = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--";
    for body in [parts.to_owned(), format!("{parts}\r\n"), format!("{parts}\r\nan epilogue")] {
        assert_eq!(read_form(body.as_bytes()).expect(&body)["a"], "1", "{body}");
    }
}

#[test]
fn a_form_asks_for_the_same_as_the_json_of_it() {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "multipart/form-data; boundary=b".parse().unwrap());
    let body = form(&[
        ("name=\"prompt\"", b"x"),
        ("name=\"model\"", b"viduq1"),
        ("name=\"seconds\"", b"5"),
        ("name=\"seed\"", b"7"),
        ("name=\"bgm\"", b"true"),
        ("name=\"input_reference[]\"; filename=\"upload\"", PNG),
        ("name=\"input_reference[]\"; filename=\"upload\"", PNG),
    ]);
    let mut order = request::read(&headers, &body).unwrap();
    let options = &mut order.generation.options;
    assert_eq!(options.take_flag("bgm").unwrap(), Some(true));
    assert_eq!((order.generation.duration, order.generation.seed), (Some(5.0), Some(7)));
    let images: Vec<_> = order.generation.images.iter().map(|it| it.param.as_str()).collect();
    assert_eq!(images, ["input_reference[0]", "input_reference[1]"]);
    let is_inline =
        |image: &Image| matches!(image, Image::Inline { bytes, .. } if *bytes == PNG.len());
    assert!(order.generation.images.iter().all(|it| is_inline(&it.image)));

    let mut headers = HeaderMap::new();
    headers.insert("content-type", "multipart/form-data; boundary=c".parse().unwrap());
    let again: Vec<u8> = replace(&body, b"--b", b"--c");
    let again = request::read(&headers, &again).unwrap();
    assert_eq!(again.fingerprint, order.fingerprint, "what separates the parts says nothing");
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend(&rest[..at]);
        out.extend(to);
        rest = &rest[at + from.len()..];
    }
    out.extend(rest);
    out
}
