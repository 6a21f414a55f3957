//! Completions: what the program answers to each shell, and once a real bash with somebody who
//! presses the key.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::pty::open_terminal;
use crate::support::{MARKER, ORCHESTRATE, Place, Running, wait_until};

const SCHEDULE: &str = "
groups:
  github:
    default_time: '04:10'
    tasks:
      - {command: fake, name: first, schedule: daily, args: [event, '{\"type\":\"record\",\"collection\":\"weather\",\"key\":\"Oslo\",\"data\":{}}']}
  reporting:
    default_time: '06:00'
    tasks: [{command: fake, schedule: weekly, on: monday}]
workflow: {commands: [fake]}
";

/// What a shell is answered when the last of these words is to be completed.
fn offered(place: &Place, shell: &str, words: &[&str]) -> Vec<String> {
    let mut command = asking(place, shell, words);
    let seen = place.see(place.start(&mut command));
    seen.exits(0);
    assert_eq!(seen.stderr, "", "{words:?}");
    let lines = seen.stdout.split(['\n', '\u{b}']).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

fn asking(place: &Place, shell: &str, words: &[&str]) -> Command {
    let mut args = vec!["--", "orchestrate"];
    args.extend(words);
    let mut command = place.command(&args);
    command
        .env("_ORCHESTRATE_COMPLETE", shell)
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_COMPLETE_SPACE", "false")
        .env("_CLAP_IFS", "\n");
    command
}

/// The words that bash is offered, without options.
fn words_offered(place: &Place, words: &[&str]) -> Vec<String> {
    let mut offered = offered(place, "bash", words);
    offered.retain(|word| !word.starts_with('-'));
    offered
}

#[test]
fn the_shell_is_told_what_the_project_has() {
    let place = Place::new(SCHEDULE);
    place.run(&["run", "--schedule", "daily"]).exits(0);
    let run = place.last()["run"].as_str().unwrap().to_owned();
    let is = |words: &[&str], wanted: &[&str]| {
        assert_eq!(words_offered(&place, words), wanted, "{words:?}");
    };
    is(&["run", "--group", ""], &["github", "reporting", "workflow"]);
    is(&["run", "--group", "gi"], &["github"]);
    is(&["pause", "rep"], &["reporting"]);
    is(&["run", "--schedule", "w"], &["weekly"]);
    is(&["run", "--collector", ""], &["first", "fake"]);
    is(&["state", "show", "github/"], &["github/first"]);
    is(&["show", "2"], &[run.as_str()]);
    is(&["records", "export", "we"], &["weather"]);
    is(&["explain", "limits"], &["limits"]);
    let verbs = words_offered(&place, &["r"]);
    assert!(
        verbs.contains(&"run".to_owned()) && verbs.contains(&"retry".to_owned()),
        "{verbs:?}"
    );
    let mixed = words_offered(&place, &["logs", ""]);
    assert!(
        mixed.contains(&"first".to_owned()) && mixed.contains(&run),
        "{mixed:?}"
    );
    assert!(mixed.contains(&"last".to_owned()), "{mixed:?}");
}

#[test]
fn every_shell_is_answered_and_its_script_asks() {
    let place = Place::new(SCHEDULE);
    for shell in ["bash", "zsh", "fish"] {
        place
            .run(&["completions", shell])
            .exits(0)
            .says("_ORCHESTRATE_COMPLETE")
            .says("orchestrate");
        let words = offered(&place, shell, &["run", "--group", "gi"]);
        assert!(
            words.iter().any(|word| word.contains("github")),
            "{shell}: {words:?}"
        );
    }
}

#[test]
fn it_creates_nothing_says_nothing_and_finds_the_project_from_below_or_by_name() {
    let place = Place::new(SCHEDULE);
    fs::create_dir(place.path("deep")).unwrap();
    assert_eq!(words_offered(&place, &["show", "2"]), [""; 0]);
    assert!(!place.state().exists());
    let from_below = |words: &[&str]| {
        let mut command = asking(&place, "bash", words);
        command.current_dir(place.path("deep"));
        place.see(place.start(&mut command)).exits(0).stdout.clone()
    };
    assert_eq!(from_below(&["run", "--group", "gi"]), "github");
    assert_eq!(from_below(&["-C", "..", "run", "--group", "gi"]), "github");
    // Whatever is wrong is no matter of who types.
    place.schedule("groups: {");
    assert_eq!(words_offered(&place, &["run", "--group", ""]), [""; 0]);
    fs::write(place.path("config/orchestrator.yaml"), "nonsense: {\n").unwrap();
    fs::write(place.path(".env"), "'\n").unwrap();
    assert_eq!(words_offered(&place, &["show", ""]), [""; 0]);
    assert_eq!(words_offered(&place, &["run", "--schedule", "mon"]), ["monthly"]);
    assert!(!place.state().exists());
}

/// A database that takes connections and says nothing.
#[test]
fn a_database_that_does_not_answer_is_not_waited_for() {
    let place = Place::new(SCHEDULE);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://u@{}/d", silent.local_addr().unwrap());
    let mut command = asking(&place, "bash", &["show", ""]);
    command.env("ORCHESTRATE_DATABASE_URL", url);
    let begun = std::time::Instant::now();
    let seen = place.see(place.start(&mut command));
    seen.exits(0);
    let words = seen.stdout.lines().filter(|word| !word.starts_with('-'));
    assert_eq!((words.count(), seen.stderr.as_str()), (0, ""), "{seen:#?}");
    // A second is waited; the rest is for a busy machine.
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn a_real_bash_completes_what_is_typed() {
    let place = Place::new(SCHEDULE);
    let (master, slave) = open_terminal();
    let master = Arc::new(master);
    let terminal = || Stdio::from(slave.try_clone().unwrap());
    let folder = Path::new(ORCHESTRATE).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("setsid");
    command
        .args(["--ctty", "--wait", "bash", "--noprofile", "--norc", "-i"])
        .current_dir(place.dir.path())
        .env_clear()
        .env("PATH", path)
        .env("HOME", place.dir.path())
        .env("TERM", "dumb")
        .env("PS1", "ready> ")
        .env(MARKER, &place.marker)
        .stdin(terminal())
        .stdout(terminal())
        .stderr(terminal());
    let mut bash = Running::start(&mut command, &place.marker);
    // Only bash keeps its end open, so that reading ends with it.
    drop((command, slave));
    let screen = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&screen);
    let other_end = Arc::clone(&master);
    let reading = std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        // The terminal's end is an error on Linux.
        while let Ok(read @ 1..) = (&*other_end).read(&mut bytes) {
            seen.lock()
                .unwrap()
                .push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    });
    let shows = |text: &str| wait_until(text, || screen.lock().unwrap().contains(text));
    shows("ready> ");
    let types = |keys: &str| (&*master).write_all(keys.as_bytes()).unwrap();
    types("source <(orchestrate completions bash); echo \"is\" here\n");
    shows("is here");
    // A Monday: on another day the group would have nothing to show.
    types("orchestrate plan --schedule default --date 2026-11-30 --group rep\t");
    shows("--group reporting");
    types("; exit\n");
    wait_until("bash to end", || bash.try_wait().unwrap().is_some());
    reading.join().unwrap();
    let screen = screen.lock().unwrap();
    assert!(
        screen.contains("reporting") && screen.contains("fake"),
        "{screen}"
    );
}
