//! `man`: a page for each verb and each YAML file, complete and without a fault that the program
//! which shows it would find.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::Place;

/// The pages, by file name.
fn pages(place: &Place) -> Vec<(String, String)> {
    place
        .run(&["man", "--out", "pages"])
        .exits(0)
        .says("pages in pages");
    let mut pages: Vec<(String, String)> = fs::read_dir(place.path("pages"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    pages.sort_unstable();
    pages
}

/// The verbs that the overview names.
fn verbs(place: &Place) -> BTreeSet<String> {
    let page = place.run(&[]).exits(2).stderr.clone();
    let (verbs, _) = page.split_once("\nBegin").unwrap();
    let lines = verbs.lines().filter_map(|line| line.strip_prefix("  "));
    lines
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_verb_has_a_page_with_files_environment_and_exit_status() {
    let place = Place::new("groups: {}\n");
    let pages = pages(&place);
    let names: BTreeSet<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    for verb in verbs(&place) {
        assert!(names.contains(format!("orchestrate-{verb}.1").as_str()), "{verb}");
    }
    for page in [
        "orchestrate.1",
        "orchestrate-db-migrate.1",
        "orchestrate-schedule.5",
        "orchestrate-settings.5",
    ] {
        assert!(names.contains(page), "{names:?}");
    }
    for (name, text) in pages.iter().filter(|(name, _)| name.ends_with(".1")) {
        for section in [
            "NAME",
            "SYNOPSIS",
            "EXAMPLES",
            "FILES",
            "ENVIRONMENT",
            "EXIT STATUS",
            "SEE ALSO",
        ] {
            let quoted = format!(".SH \"{section}\"\n");
            let has = text.contains(&format!(".SH {section}\n")) || text.contains(&quoted);
            // A verb of verbs has its examples there.
            assert!(
                has || section == "EXAMPLES" && text.contains(".SH VERBS"),
                "{name}: {section}"
            );
        }
        assert!(
            text.contains("ORCHESTRATE_DATABASE_URL") && text.contains("\n.B \"143\"\n"),
            "{name}"
        );
    }
    let all = place.run(&["man"]);
    all.exits(0);
    for (name, text) in &pages {
        assert!(all.stdout.contains(text.as_str()), "{name}");
    }
}

#[test]
fn the_page_of_the_schedule_has_every_key() {
    let place = Place::new("groups: {}\n");
    let pages = pages(&place);
    for (topic, count) in [("schedule", 40), ("settings", 30)] {
        let file = format!("orchestrate-{topic}.5");
        let (_, text) = pages.iter().find(|(name, _)| *name == file).unwrap();
        let entries = place.run(&["explain", topic, "--format", "json"]).json();
        let entries = entries.as_array().unwrap();
        assert!(entries.len() > count, "{}", entries.len());
        for entry in entries {
            let key = format!("\n.B \"{}\"\n", entry["key"].as_str().unwrap());
            assert!(text.contains(&key), "{key}");
        }
    }
}

#[test]
fn groff_finds_no_fault_in_the_pages() {
    let place = Place::new("groups: {}\n");
    for (name, text) in pages(&place) {
        let mut groff = match Command::new("groff")
            .args(["-man", "-ww", "-z", "-Tutf8"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
        {
            Ok(groff) => groff,
            Err(error) => {
                // Loud: a green run without it claims less than it seems to.
                let said = format!("\n!!! SKIPPED: groff cannot be started: {error} !!!\n");
                std::io::stderr().write_all(said.as_bytes()).unwrap();
                return;
            }
        };
        groff.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = groff.wait_with_output().unwrap();
        let found = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && found.is_empty(), "{name}: {found}");
    }
}

#[test]
fn where_it_cannot_write_it_says_so() {
    let place = Place::new("groups: {}\n");
    fs::write(place.path("file"), "").unwrap();
    place
        .run(&["man", "--out", "file/pages"])
        .exits(3)
        .says("cannot write file/pages")
        .says("--out names a directory");
}
