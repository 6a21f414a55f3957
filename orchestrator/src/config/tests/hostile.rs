//! Files that mean harm, and files that look like it and do not. The bounds
//! are generous because tests run unoptimised and beside each other.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use proptest::prelude::*;

use crate::config::load::LoadError;
use crate::config::{Code, Diagnostic, Severity, load_schedule, parse_schedule, render};

/// Optimised, each takes a fourth of a second at most; what is quadratic takes
/// minutes. Of this thread's CPU, because the machine may be busy with other things.
const LIMIT: Duration = Duration::from_secs(10);

fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// The diagnostics of a file, found quickly.
fn judged(name: &str, bytes: &[u8]) -> Vec<Diagnostic> {
    let begin = cpu();
    let diagnostics = parse_schedule(name, bytes).unwrap_err();
    let took = cpu() - begin;
    assert!(took < LIMIT, "{name} took {took:?}");
    diagnostics
}

/// The only diagnostic of a file, found quickly.
fn refused(name: &str, bytes: &[u8]) -> Diagnostic {
    let diagnostics = judged(name, bytes);
    let [only] = &diagnostics[..] else {
        panic!("{name}: {diagnostics:#?}")
    };
    render(only, true);
    only.clone()
}

/// Code, line and column of the only diagnostic.
fn place(name: &str, bytes: impl AsRef<[u8]>) -> (Code, usize, usize) {
    let diagnostic = refused(name, bytes.as_ref());
    (diagnostic.code, diagnostic.line, diagnostic.column)
}

#[test]
fn bytes_that_are_no_yaml_text() {
    assert_eq!(
        place("nul", b"groups: {}\nx-a: \"\0\"\n"),
        (Code::ControlCharacter, 2, 7)
    );
    assert_eq!(place("escape", "x-a: é\u{1b}[0m"), (Code::ControlCharacter, 1, 7));
    // The parser would fold each into a blank, or end the comment or the text there.
    for breaks in ['\u{85}', '\u{2028}', '\u{2029}'] {
        for text in ["x-a: \"b@c\"", "x-a: 'b@c'", "x-a: b@c", "x-a: |", "x-a: # b@c"] {
            let text = if text.ends_with('|') {
                "x-a: |\n  ab@c"
            } else {
                text
            };
            let at = text.find('@').unwrap();
            let (line, column) = if text.contains('\n') { (2, 5) } else { (1, at + 1) };
            let yaml = format!("groups: {{}}\n{}\n", text.replace('@', &breaks.to_string()));
            assert_eq!(
                place("line break", yaml),
                (Code::ControlCharacter, line + 1, column),
                "{text}"
            );
        }
    }
    let told = refused("next line", "x-a: \"b\u{85}c\"".as_bytes());
    assert_eq!(told.message, "U+0085 ends a line in YAML 1.1 and not in YAML 1.2");
    assert_eq!(
        told.hint.as_deref(),
        Some("remove it, or write it as \"\\u0085\" between double quotes")
    );
    assert_eq!(
        place("latin1", b"groups:\n  caf\xe9: {}\n"),
        (Code::NotUtf8, 2, 6)
    );
    assert_eq!(place("utf16", b"\xff\xfeg\0r\0"), (Code::NotUtf8, 1, 1));
    assert_eq!(
        place("large", vec![b' '; 1024 * 1024 + 1]),
        (Code::TooLarge, 1, 1)
    );
    assert_eq!(
        place("random", (0..=255).collect::<Vec<u8>>()),
        (Code::NotUtf8, 3, 115)
    );
}

#[test]
fn yaml_that_is_not_valid() {
    assert_eq!(place("tab", "groups:\n\tgithub: {}\n"), (Code::Syntax, 2, 1));
    assert_eq!(place("bracket", "groups: [\n"), (Code::Syntax, 2, 1));
    assert_eq!(place("colon", "groups:\n  a: b: c\n"), (Code::Syntax, 2, 7));
    assert_eq!(place("anchor", "groups: *nowhere\n"), (Code::Syntax, 1, 9));
    assert_eq!(place("at", "groups:\n  é: @x\n"), (Code::Syntax, 2, 6));
}

#[test]
fn yaml_that_has_no_meaning_here() {
    let tasks = "groups:\n  a:\n    default_time: '04:10'\n    tasks: [{command: x, schedule: daily}]\n";
    assert_eq!(
        place("two", format!("{tasks}---\n# c\nb: 1\n")),
        (Code::ManyDocuments, 7, 1)
    );
    assert_eq!(
        place("tag", format!("{tasks}x-a:\n  - !!python/object:os.system [x]\n")),
        (Code::Unsupported, 6, 5)
    );
    assert_eq!(
        place("tagged alias", format!("{tasks}x-a: [&t !x {{y: 1}}, *t, *t]\n")),
        (Code::Unsupported, 5, 7)
    );
    assert_eq!(
        place("root tag", format!("!x\n{tasks}")),
        (Code::Unsupported, 1, 1)
    );
    assert_eq!(
        place("merge", format!("{tasks}x-a: &a {{b: 1}}\nx-b:\n  <<: *a\n")),
        (Code::Unsupported, 7, 3)
    );
    assert_eq!(
        place("directive", format!("%TAG ! tag:x,2000:\n---\n{tasks}")),
        (Code::Unsupported, 1, 1)
    );
    assert_eq!(
        place("list key", format!("{tasks}x-a:\n  ? [1]\n  : 2\n")),
        (Code::WrongType, 6, 5)
    );
}

fn bombs() {
    let many = "%TAG !a! tag:a\n".repeat(60_000);
    assert_eq!(place("directives", many).0, Code::Unsupported);
    assert_eq!(place("brackets", "[".repeat(1_000_000)), (Code::TooDeep, 1, 257));
    assert_eq!(place("braces", "{a: ".repeat(100_000)).0, Code::TooDeep);
    assert_eq!(place("dashes", "- ".repeat(500_000)), (Code::TooDeep, 1, 49));
    let nested: String = (0..1000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    assert_eq!(place("indentation", nested), (Code::TooDeep, 25, 25));
    assert_eq!(place("items", "- a\n".repeat(260_000)).0, Code::TooLarge);
    assert_eq!(
        place("one line", format!("[{}]", "é,".repeat(340_000))).0,
        Code::TooLarge
    );
    assert_eq!(
        place(
            "keys",
            (0..90_000).map(|n| format!("k{n}: 1\n")).collect::<String>()
        )
        .0,
        Code::TooLarge
    );
    assert_eq!(
        place("anchors", format!("[{}]", "&a b,".repeat(200_000))).0,
        Code::TooLarge
    );
    let doubled: String = (1..30)
        .map(|n| format!("x-{n}: &a{n} [*a{0}, *a{0}]\n", n - 1))
        .collect();
    assert_eq!(
        place("doubling", format!("x-0: &a0 x\n{doubled}")).0,
        Code::TooLarge
    );
    let mut laughs = "x-0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..30 {
        let uses = vec![format!("*a{}", level - 1); 10].join(",");
        laughs += &format!("x-{level}: &a{level} [{uses}]\n");
    }
    assert_eq!(place("billion laughs", laughs).0, Code::TooLarge);
    let one = format!(
        "x-a: &a {}\nx-b: [{}]\n",
        "x".repeat(500_000),
        "*a,".repeat(150_000)
    );
    let digits = "1".repeat(500_000);
    for item in [
        format!("[1.{digits}]"),
        format!("1.{digits}"),
        format!("!t 1.{digits}"),
        format!("[0x{}1]", "0".repeat(500_000)),
        format!("{}1.{digits}", " ".repeat(5_000)),
        format!("[&b {}1]", " ".repeat(500_000)),
        format!("[!{digits} 1]"),
        format!("!t [&a 1.{digits}]"),
    ] {
        let yaml = format!("x-a: &a {item}\nx-b: [{}]\n", "*a,".repeat(40_000));
        let diagnostics = judged(&item[..12], yaml.as_bytes());
        assert!(
            diagnostics
                .iter()
                .any(|diagnostic| diagnostic.code == Code::TooLarge),
            "{}",
            &item[..12]
        );
    }
    let brackets = format!("{}{},", "[".repeat(20), "]".repeat(20));
    assert_eq!(
        place("bracket pairs", format!("[{}]", brackets.repeat(25_000))).0,
        Code::TooLarge
    );
    judged("long alias", one.as_bytes());
    assert_eq!(
        place("open quote", format!("x: \"{}", "a\n ".repeat(300_000))).0,
        Code::Syntax
    );
    assert_eq!(place("long word", "x".repeat(1_000_000)).0, Code::WrongType);
    assert_eq!(
        place("long key", format!("{}: 1", "x".repeat(1_000_000))).0,
        Code::Syntax
    );
    assert_eq!(place("question marks", "? ".repeat(300_000)).0, Code::WrongType);
}

#[test]
fn a_thousand_faults_are_cut_at_a_hundred() {
    let yaml: String = (0..30_000).map(|n| format!("k{n}: 1\n")).collect();
    let diagnostics = judged("faults", yaml.as_bytes());
    assert_eq!(diagnostics.len(), 101);
    let last = &diagnostics[100];
    assert_eq!((last.code, last.line), (Code::MoreProblems, 101));
    assert_eq!(last.message, "29900 more problems are not shown");
}

#[test]
fn files_that_cannot_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let missing = load_schedule(&directory.path().join("no.yaml")).unwrap_err();
    assert!(matches!(missing, LoadError::NotFound(_)), "{missing}");
    let diagnostic = &missing.diagnostics()[0];
    assert_eq!(diagnostic.code, Code::Unreadable);
    let hint = diagnostic.hint.as_deref().unwrap();
    assert!(hint.contains("--schedule-file") && hint.contains("BOOST_COLLECTOR_SCHEDULE_YAML"));
    let not_a_file = load_schedule(directory.path()).unwrap_err();
    assert!(matches!(not_a_file, LoadError::Unreadable(_)), "{not_a_file}");
    let sparse = directory.path().join("sparse.yaml");
    std::fs::File::create(&sparse).unwrap().set_len(50 << 30).unwrap();
    for endless in [sparse.as_path(), "/dev/zero".as_ref()] {
        let begin = cpu();
        let error = load_schedule(endless).unwrap_err();
        assert_eq!(error.diagnostics()[0].code, Code::TooLarge);
        assert!(cpu() - begin < LIMIT);
    }
}

#[test]
fn innocent_oddities_load() {
    let tasks = "groups:\r\n  a:\r\n    default_time: '04:10'\r\n    tasks:\r\n      - {command: run_x, schedule: daily}\r\n";
    for yaml in [
        format!("\u{feff}{tasks}"),
        format!("%YAML 1.2\r\n---\r\n{tasks}...\r\n"),
        format!("{tasks}x-regexps: [{}]\r\n", "'[', ".repeat(200)),
        format!("{tasks}x-a: &a [1, 2]\r\nx-b: [*a, *a]\r\n"),
        format!("{tasks}x-null: ~\r\nx-key: {{1: a, null: b, on: c, ? d : e}}\r\n"),
    ] {
        let loaded = parse_schedule("odd", yaml.as_bytes());
        assert!(
            loaded
                .as_ref()
                .is_ok_and(|(schedule, warnings)| schedule.groups[0].tasks.len() == 1 && warnings.is_empty()),
            "{loaded:#?}"
        );
    }
}

/// In a process of their own, so that its memory is theirs.
#[test]
fn bombs_are_refused_in_bounded_time_and_memory() {
    let test = std::env::current_exe().unwrap();
    let arguments = [
        "--test-threads=1",
        "--ignored",
        "--exact",
        "config::tests::hostile::peak_memory",
    ];
    let output = std::process::Command::new(test).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "run by the test above in a process of its own"]
fn peak_memory() {
    bombs();
    // A file of the largest size whose nodes are all kept.
    let task = "{command: run_x, schedule: daily, args: [a, b, c]},\n      ";
    let yaml = format!(
        "groups:\n  a:\n    default_time: '04:10'\n    tasks: [{}]\n",
        task.repeat(9_000)
    );
    assert!(parse_schedule("large", yaml.as_bytes()).is_ok());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    println!("peak {kilobytes} kB");
    assert!(kilobytes < 256 * 1024, "{kilobytes} kB");
}

/// Pieces of YAML that have a meaning here, so that random files get far.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("groups:\n"),
        Just("  a:\n"),
        Just("    tasks:\n"),
        Just("      - command: x\n"),
        Just("        schedule: "),
        Just("weekly\n"),
        Just("        on: "),
        Just("[1, {a: b}]\n"),
        Just("&a "),
        Just("*a "),
        Just("!t "),
        Just("- "),
        Just("? "),
        Just(": "),
        Just("\"\\0é\u{85}\" "),
        Just("'"),
        Just("|\n"),
        Just("---\n"),
        Just("...\n"),
        Just("~\n"),
        Just("0x1f "),
        Just("1e3\n"),
        Just("#\n"),
        Just("\r"),
        Just("\t"),
        Just("%"),
        Just("\u{2028}"),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just("<<: *a\n"),
        Just("    default_time: 4:10\n"),
        Just("workflow: {commands: ["),
    ]
    .prop_map(str::to_owned)
}

fn judge(bytes: &[u8]) {
    let (Ok((_, diagnostics)) | Err(diagnostics)) = parse_schedule("any", bytes);
    for diagnostic in diagnostics {
        let text = render(&diagnostic, false);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        assert!(diagnostic.line >= 1 && diagnostic.column >= 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        judge(&bytes);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,100}") {
        judge(text.as_bytes());
    }

    #[test]
    fn no_yaml_makes_it_panic(pieces in proptest::collection::vec(fragment(), 0..40)) {
        judge(pieces.concat().as_bytes());
    }
}

#[test]
fn many_warnings_are_counted_and_keep_nothing_from_running() {
    let tasks = "{command: c, schedule: daily}, ".repeat(300);
    let text = format!("groups: {{g: {{default_time: \"04:10\", tasks: [{tasks}]}}}}");
    let (schedule, warnings) = parse_schedule("s.yaml", text.as_bytes()).unwrap();
    assert_eq!(schedule.groups[0].tasks.len(), 300);
    assert_eq!(warnings.len(), 101);
    assert!(
        warnings
            .iter()
            .all(|warning| warning.severity == Severity::Warning)
    );
    assert_eq!(warnings[100].code, Code::MoreWarnings);
}

/// Python's json.dumps escapes whatever is not ASCII.
#[test]
fn json_with_escaped_pairs_is_a_schedule() {
    let json = r#"{"groups": {"g\ud83d\ude00": {"default_time": "04:10", "tasks": [
        {"command": "run_x", "schedule": "daily", "args": ["\ud83d\ude00\u00e4", "\ud83d\ude01"]}]}}}"#;
    let (schedule, _) = parse_schedule("schedule.json", json.as_bytes()).unwrap();
    let task = schedule.tasks().next().unwrap();
    assert_eq!(task.args, ["\u{1f600}\u{e4}", "\u{1f601}"]);
    assert_eq!(task.group.as_str(), "g\u{1f600}");
    // What stands behind a pair keeps its place.
    let wrong = json.replace("\"daily\"", "\"\\ud83d\\ude00\", \"nokey\": 1");
    let places: Vec<_> = judged("wrong.json", wrong.as_bytes())
        .iter()
        .map(|told| (told.code, told.line, told.column))
        .collect();
    let line = wrong.lines().nth(1).unwrap();
    let column = |word: &str| line.find(word).unwrap() + 1;
    assert_eq!(
        places,
        [
            (Code::BadSchedule, 2, column("\"\\ud83d\\ude00\", \"nokey")),
            (Code::UnknownKey, 2, column("\"nokey"))
        ]
    );
    assert_eq!(
        place("lone.json", r#"{"groups": {}, "x-a": "b\ud83d"}"#),
        (Code::Syntax, 1, 25)
    );
    let yaml = refused("pair.yaml", br#"x-a: "\ud83d\ude00""#);
    assert!(yaml.hint.unwrap().contains("\\U0001f600"));
}
