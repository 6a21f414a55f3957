//! What is claimed is tested: each of the 65 edge cases of the engine's design has a
//! test that bears its number, and each test that the documentation names exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const CASES: std::ops::RangeInclusive<u32> = 1..=65;

/// The names of all functions in the tests and in the sources.
fn functions() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut names = BTreeSet::new();
    let mut open = vec![root.join("tests"), root.join("orchestrator/src")];
    while let Some(path) = open.pop() {
        if path.is_dir() && !path.ends_with("target") {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            for line in fs::read_to_string(path).unwrap().lines() {
                let name = line
                    .trim_start()
                    .trim_start_matches("async ")
                    .strip_prefix("fn ")
                    .and_then(|rest| rest.split_once('('));
                names.extend(name.map(|(name, _)| name.to_owned()));
            }
        }
    }
    names
}

/// The numbers in `edge_42_43_any_bytes`.
fn cases(name: &str) -> impl Iterator<Item = u32> {
    let numbers = name.strip_prefix("edge_").unwrap_or_default().split('_');
    numbers.map_while(|number| number.parse().ok())
}

#[test]
fn every_edge_case_has_its_test() {
    let tested: BTreeSet<u32> = functions().iter().flat_map(|name| cases(name)).collect();
    let missing: Vec<u32> = CASES.filter(|case| !tested.contains(case)).collect();
    assert_eq!(missing, Vec::<u32>::new());
}

#[test]
fn every_test_that_the_documentation_names_exists() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/isolation.md");
    let page = fs::read_to_string(page).unwrap();
    let functions = functions();
    // The last column of each table that has one of this heading.
    let mut column = None;
    let mut named = 0;
    for line in page.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if cells.len() < 3 {
            column = None;
        } else if let Some(heading) = cells.iter().position(|cell| *cell == "shown by") {
            column = Some(heading);
        } else if let Some(column) = column
            && !cells[column].starts_with("--")
        {
            let tests: Vec<&str> = cells[column].split('`').skip(1).step_by(2).collect();
            assert!(!tests.is_empty(), "no test in: {line}");
            for test in tests {
                assert!(functions.contains(test), "there is no test {test}");
                named += 1;
            }
        }
    }
    assert!(named >= 30, "only {named} tests are named");
}
