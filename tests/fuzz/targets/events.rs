//! Any line: an event within its bounds, or a short fault; and what a record says is
//! written so that it is read as the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orchestrator::records::{CollectorEvent, LONGEST_COLLECTION, LONGEST_KEY, parse_event};

fuzz_target!(|line: &[u8]| {
    match parse_event(line) {
        Err(fault) => assert!(fault.to_string().len() < 2000),
        Ok(CollectorEvent::Record(record)) => {
            assert!((1..=LONGEST_COLLECTION).contains(&record.collection.len()));
            assert!((1..=LONGEST_KEY).contains(&record.key.len()));
            assert!(!record.key.contains('\0') && !record.data.contains(['\0', '\n']));
            let again = format!(
                r#"{{"type":"record","collection":"c","key":"k","data":{}}}"#,
                record.data
            );
            match parse_event(again.as_bytes()) {
                Ok(CollectorEvent::Record(same)) => assert_eq!(same.data, record.data),
                other => panic!("{other:?}"),
            }
        }
        Ok(CollectorEvent::Note(message) | CollectorEvent::Warning(message)) => {
            assert!(message.chars().count() <= 501);
        }
        Ok(_) => {}
    }
});
