//! Lines that are events, and lines that are not.

use proptest::prelude::*;

use super::*;

fn fault(line: &str) -> String {
    parse_event(line.as_bytes()).unwrap_err().to_string()
}

fn record(line: &str) -> Record {
    match parse_event(line.as_bytes()) {
        Ok(CollectorEvent::Record(record)) => record,
        other => panic!("{other:?}"),
    }
}

#[test]
fn data_has_one_text_for_one_meaning() {
    let one = record(
        r#"{"type":"record","collection":"c","key":"k","data":{"b":[1, 2],"a":{"y":null,"x":"\u0041"}}}"#,
    );
    assert_eq!(one.data, r#"{"a":{"x":"A","y":null},"b":[1,2]}"#);
    let other = record(
        r#"{ "data" : {"a":{"x":"A","y":null},"b":[1,2]} , "key":"k","collection":"c","type":"record","extra":1}"#,
    );
    assert_eq!(one, other);
}

#[test]
fn no_text_holds_nul() {
    let record =
        record(r#"{"type":"record","collection":"c","key":"a\u0000b","data":{"n\u0000":"\\u0000 \u0000"}}"#);
    assert_eq!(record.key, "a\u{2400}b");
    assert_eq!(record.data, "{\"n\u{2400}\":\"\\\\u0000 \u{2400}\"}");
}

#[test]
fn a_failure_says_when_to_come_back() {
    for (given, seconds) in [("\"15m\"", 900.0), ("90", 90.0), ("1.5", 1.5)] {
        let line = format!(r#"{{"type":"failure","category":"rate_limit","retry_after":{given}}}"#);
        let Ok(CollectorEvent::Failure(told)) = parse_event(line.as_bytes()) else {
            panic!("{line}");
        };
        assert_eq!(told.category, Some(Category::RateLimit));
        assert_eq!(told.retry_after, Some(Duration::from_secs_f64(seconds)));
    }
}

#[test]
fn releases_are_deferred_by_name() {
    let line = r#"{"type":"defer","releases":["boost-1.90.0","x"],"message":"later"}"#;
    let tags = vec!["boost-1.90.0".to_owned(), "x".to_owned()];
    assert_eq!(parse_event(line.as_bytes()), Ok(CollectorEvent::Defer(tags)));
}

#[test]
fn what_is_wrong_is_said_in_words() {
    for (line, said) in [
        (
            r#"{"type":"defer"}"#,
            "`releases` must be a list of tags, and is missing",
        ),
        (
            r#"{"type":"defer","releases":"boost-1.90.0"}"#,
            "`releases` must be a list of tags, not a text",
        ),
        (
            r#"{"type":"defer","releases":[1]}"#,
            "`releases` must be a list of texts",
        ),
        ("null", "not a JSON object"),
        ("{", "not an event: EOF while parsing an object at column 1"),
        ("{}", "`type` must be a text, and is missing"),
        (r#"{"type":7}"#, "`type` must be a text, not a number"),
        (
            r#"{"type":"recrod"}"#,
            "unknown type \"recrod\"; there are record, progress, failure, note, warning, state, defer, read and complete",
        ),
        (
            r#"{"type":"record","type":"record"}"#,
            "not an event: duplicate field `type` at column 23",
        ),
        (
            r#"{"type":"record","collection":"a b","key":"k","data":{}}"#,
            "`collection` must be 1 to 128 letters, digits and any of _-.:/",
        ),
        (
            r#"{"type":"record","collection":"c","key":7,"data":{}}"#,
            "`key` must be a text, not a number",
        ),
        (
            r#"{"type":"record","collection":"c","key":"","data":{}}"#,
            "`key` is empty",
        ),
        (
            r#"{"type":"record","collection":"c","key":"k","data":[]}"#,
            "`data` must be an object, not a list",
        ),
        (
            r#"{"type":"progress","current":-1}"#,
            "`current` must be a whole number, zero or more, not a number",
        ),
        (
            r#"{"type":"failure","category":"laziness"}"#,
            "unknown category \"laziness\"",
        ),
        (
            r#"{"type":"failure","retry_after":"soon"}"#,
            "`retry_after` must be seconds, or a text like \"15m\"",
        ),
        (
            r#"{"type":"failure","retry_after":-1}"#,
            "`retry_after` must be seconds, or a text like \"15m\"",
        ),
        (r#"{"type":"note"}"#, "`message` must be a text, and is missing"),
        (r#"{"type":"state"}"#, "`data` must be given, and is missing"),
    ] {
        assert_eq!(fault(line), said, "{line}");
    }
    assert_eq!(
        parse_event(b"{\"type\":\"note\",\"message\":\"\xff\"}")
            .unwrap_err()
            .to_string(),
        "not UTF-8 at byte 27"
    );
    let key = "k".repeat(1 << 20);
    let line = format!(r#"{{"type":"record","collection":"c","key":"{key}","data":{{}}}}"#);
    assert_eq!(fault(&line), "`key` has 1048576 bytes, and 1024 is the limit");
    let deep = format!(
        r#"{{"type":"state","data":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(fault(&deep).contains("recursion limit"), "{}", fault(&deep));
}

proptest! {
    #[test]
    fn any_bytes_are_an_event_or_a_short_fault(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(fault) = parse_event(&bytes) {
            prop_assert!(fault.to_string().len() < 1000);
        }
    }

    #[test]
    fn what_is_written_down_says_the_same_again(text in ".*", number in any::<i64>()) {
        let data = serde_json::json!({"t": text, "n": number});
        let line = serde_json::json!({"type": "record", "collection": "c", "key": "k", "data": data}).to_string();
        let first = record(&line);
        let again = format!(r#"{{"type":"record","collection":"c","key":"k","data":{}}}"#, first.data);
        prop_assert_eq!(record(&again), first);
    }
}
