use http::HeaderValue;

use super::*;

fn now() -> Timestamp {
    "2026-10-21T07:28:00Z".parse().unwrap()
}

fn headers(retry_after: &str) -> HeaderMap {
    let value = HeaderValue::from_str(retry_after).unwrap();
    [(header::RETRY_AFTER, value)].into_iter().collect()
}

#[test]
fn a_status_is_a_verdict() {
    let in_seconds = |seconds| Some(now() + SignedDuration::from_secs(seconds));
    let rows = [
        (200, "", "200", Verdict::Delivered, "thanks"),
        (204, "60", "204", Verdict::Delivered, "thanks"),
        (301, "", "301, not followed", Verdict::Again(None), "it could lead anywhere"),
        (307, "", "307, not followed", Verdict::Again(None), "likewise"),
        (400, "60", "400", Verdict::Again(None), "clients get mended"),
        (404, "", "404", Verdict::Again(None), "likewise"),
        (410, "", "410, not called again", Verdict::GivenUp, "it said so"),
        (429, "60", "429", Verdict::Again(in_seconds(60)), "it is busy and says how long"),
        (429, "", "429", Verdict::Again(None), "it is busy"),
        (500, "60", "500", Verdict::Again(None), "it is broken and cannot know"),
        (503, "60", "503", Verdict::Again(in_seconds(60)), "it is busy and says how long"),
    ];
    for (status, retry_after, what, verdict, reason) in rows {
        let status = StatusCode::from_u16(status).unwrap();
        let outcome = read_answer(status, &headers(retry_after), now());
        assert_eq!(outcome, Outcome { what: what.into(), verdict }, "{status}: {reason}");
    }
}

#[test]
fn retry_after_is_seconds_or_a_date_and_at_most_a_day() {
    let rows = [
        ("0", Some(0), "at once"),
        ("120", Some(120), "seconds"),
        ("999999999", Some(86_400), "longer than a day"),
        ("-5", Some(0), "in the past"),
        ("Wed, 21 Oct 2026 07:30:00 GMT", Some(120), "a date"),
        ("Wed, 21 Oct 2026 07:00:00 GMT", Some(0), "a date in the past"),
        ("Fri, 21 Oct 2050 07:30:00 GMT", Some(86_400), "a date far away"),
        ("soon", None, "a word"),
        ("", None, "nothing"),
    ];
    for (text, seconds, reason) in rows {
        let pause = retry_after(&headers(text), now()).map(|at| at.duration_since(now()));
        assert_eq!(pause, seconds.map(SignedDuration::from_secs), "{text}: {reason}");
    }
}

#[test]
fn the_longer_of_two_pauses_holds_and_a_last_try_is_the_last() {
    let id = TaskId::new(Timestamp::UNIX_EPOCH, &[0; 10]);
    let next = |verdict: Verdict, tries| {
        verdict.next(&id, tries, now()).map(|at| at.duration_since(now()).as_secs())
    };
    let after = |seconds| Verdict::Again(Some(now() + SignedDuration::from_secs(seconds)));
    let rows = [
        (Verdict::Again(None), 1, Some(5), "as planned"),
        (Verdict::Again(None), 7, Some(36_000), "as planned"),
        (Verdict::Again(None), 8, None, "that was the last try"),
        (after(60), 1, Some(60), "the client's pause is longer"),
        (after(60), 2, Some(300), "ours is longer"),
        (after(60), 8, None, "that was the last try"),
        (Verdict::Delivered, 1, None, "it is done"),
        (Verdict::GivenUp, 1, None, "it is over"),
    ];
    for (verdict, tries, seconds, reason) in rows {
        assert_eq!(next(verdict, tries), seconds, "{verdict:?} {tries}: {reason}");
    }
}

/// The address rule refuses this name; here only the connection is left to.
#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_never_connected_to() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let http = http_client(Roots::default(), |client| client.dns_resolver(PublicHosts));
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let error = http.post(url).send().await.unwrap_err();
    assert_eq!(why_no_answer(&error), "address not public");
    assert!(listener.accept().is_err(), "nobody came");
}
