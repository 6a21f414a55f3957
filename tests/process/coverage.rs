//! What is claimed is tested: each numbered edge case (README.md) has a test that bears
//! its number, and each test that the documentation names exists.

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
    let named = named_tests("docs/isolation.md");
    assert!(named.len() >= 30, "only {} tests are named", named.len());
    assert_exist(&named);
}

#[test]
fn the_table_of_edge_cases_has_each_with_its_tests() {
    let named = named_tests("tests/process/README.md");
    assert_exist(&named);
    let numbers: Vec<u32> = named.iter().map(|row| row.first.parse().unwrap()).collect();
    assert_eq!(numbers, CASES.collect::<Vec<u32>>());
    for row in &named {
        let number: u32 = row.first.parse().unwrap();
        for test in &row.tests {
            assert!(
                cases(test).any(|case| case == number),
                "{test} is no test of {number}"
            );
        }
    }
}

/// A row of a table: its first cell, and the tests in the last one.
struct Row {
    first: String,
    tests: Vec<String>,
}

/// The rows of every table of a page that has a column "shown by".
fn named_tests(page: &str) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
    let page = fs::read_to_string(path).unwrap();
    let mut column = None;
    let mut rows = Vec::new();
    for line in page.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if cells.len() < 3 {
            column = None;
        } else if let Some(heading) = cells.iter().position(|cell| *cell == "shown by") {
            column = Some(heading);
        } else if let Some(column) = column
            && !cells[column].starts_with("--")
        {
            let tests: Vec<String> = cells[column]
                .split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect();
            assert!(!tests.is_empty(), "no test in: {line}");
            rows.push(Row {
                first: cells[1].to_owned(),
                tests,
            });
        }
    }
    rows
}

fn assert_exist(rows: &[Row]) {
    let functions = functions();
    for test in rows.iter().flat_map(|row| &row.tests) {
        assert!(functions.contains(test), "there is no test {test}");
    }
}
