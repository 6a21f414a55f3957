//! Masking, held against a slow and simple reference.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

fn redact(values: &[&str], chunks: &[&[u8]]) -> String {
    let mut redactor = Redactor::new(Secrets::new(values).unwrap());
    let mut out: Vec<u8> = chunks
        .iter()
        .flat_map(|chunk| redactor.push(chunk).into_owned())
        .collect();
    out.extend(redactor.finish());
    String::from_utf8_lossy(&out).into_owned()
}

fn redact_whole(value: &str, text: &str) -> String {
    redact(&[value], &[text.as_bytes()])
}

/// Cut at these places.
fn cut<'a>(text: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    at.extend([0, text.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

#[test]
fn a_secret_is_masked_wherever_chunks_cut_it() {
    assert_eq!(redact(&["hunter22"], &[b"pw=hunter22 hunter2"]), "pw=*** hunter2");
    assert_eq!(
        redact(&["hunter22"], &[b"pw=hun", b"te", b"r22\nhun"]),
        "pw=***\nhun"
    );
    assert_eq!(redact(&["aaab"], &[b"aa", b"aa", b"aab"]), "aaa***");
}

#[test]
fn the_longest_secret_wins_also_across_chunks() {
    assert_eq!(
        redact(&["abcd", "abcdefgh"], &[b"abcd", b"efgh abcdx"]),
        "*** ***x"
    );
}

#[test]
fn of_secrets_that_overlap_no_end_is_left() {
    assert_eq!(redact(&["abcdef", "defghi"], &[b"<abcdefghi>"]), "<***>");
    assert_eq!(redact(&["abcdef", "defghi"], &[b"<abcdef", b"ghi>"]), "<***>");
    assert_eq!(redact(&["bcde", "abcdef"], &[b"<abcdef bcdef>"]), "<*** ***f>");
    assert_eq!(redact(&["hunter22"], &[b"hunter22hunter22"]), "******");
}

#[test]
fn an_endless_secret_is_not_kept_in_memory() {
    let mut redactor = Redactor::new(Secrets::new(["aaaa"]).unwrap());
    let given: usize = (0..1000).map(|_| redactor.push(&[b'a'; 100]).len()).sum();
    assert_eq!((given, redactor.held.len()), (MASK.len(), 3));
    assert_eq!(redactor.finish(), b"");
}

#[test]
fn secrets_of_several_lines_are_masked_whole_and_line_by_line() {
    let key = "-----BEGIN-----\nMIIEpAIBAAKC\n-----END-----\n";
    assert_eq!(redact_whole(key, key), "***\n");
    assert_eq!(redact(&[key], &[b"x MIIEpA", b"IBAAKC x"]), "x *** x");
    let json = serde_json::to_string(key).unwrap();
    assert_eq!(redact_whole(key, &json), r#""***\n""#);
    assert_eq!(
        redact_whole("line one\r\nline two", r"<line one\r\nline two>"),
        "<***>"
    );
}

#[test]
fn encoded_forms_are_masked() {
    let secret = "s3cr+t/p ss?";
    assert_eq!(
        redact_whole(secret, "url s3cr%2Bt%2Fp%20ss%3F and s3cr%2bt/p%20ss%3f end"),
        "url *** and *** end"
    );
    assert_eq!(
        redact_whole(secret, "form s3cr%2Bt%2Fp+ss%3F end"),
        "form *** end"
    );
    for before in ["", "u", "us", "user:"] {
        let header = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("{before}{secret}"));
        let shown = redact_whole(secret, &header);
        assert!(shown.contains("***"), "{before}: {shown}");
        assert!(
            shown.len() <= 3 + 8 + before.len() * 2,
            "{before}: {shown} of {header}"
        );
    }
}

/// As base64(1), MIME, PEM and indented YAML write it.
#[test]
fn base64_is_masked_across_the_ends_of_its_lines() {
    let secret = "s3cr+t/p ss?";
    for before in (0..120).step_by(7) {
        let text = format!(
            "{}{secret}{}",
            "user:".repeat(24)[..before].to_owned(),
            "z".repeat(200)
        );
        let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &text);
        for (width, end) in [
            (76, "\n"),
            (64, "\r\n"),
            (76, "\n        "),
            (20, "\\n"),
            (3, "&#10;"),
        ] {
            let lines: Vec<&str> = encoded
                .as_bytes()
                .chunks(width)
                .map(|line| std::str::from_utf8(line).unwrap())
                .collect();
            let wrapped = format!("<{}>", lines.join(end));
            let shown = redact_whole(secret, &wrapped);
            // At most a letter at each end is shared with what stands beside the secret.
            let kept = shown.replace(end, "").replace("***", "");
            assert!(
                kept.len() + 16 - 3 <= encoded.len() + 2,
                "{before}, {width}: {shown} of {wrapped}"
            );
            // Wherever it is cut: then the letters that ended a line may be shown.
            for at in (0..wrapped.len()).step_by(7) {
                let (one, two) = wrapped.as_bytes().split_at(at);
                let kept = redact(&[secret], &[one, two]).replace(end, "").replace("***", "");
                assert!(
                    kept.len() + 16 - 6 <= encoded.len() + 2,
                    "{before}, {width}, {at}: {kept}"
                );
            }
        }
    }
}

#[test]
fn a_raw_value_is_not_looked_for_across_lines() {
    assert_eq!(redact_whole("hunter22", "hunt\ner22"), "hunt\ner22");
}

/// The last letters of a line may be the first of a value in base64: nobody waits for that.
#[test]
fn a_line_is_shown_when_it_ends() {
    let mut redactor = Redactor::new(Secrets::new(["hunter22"]).unwrap());
    assert_eq!(redactor.push(b"Pasta\n").as_ref(), b"Pasta\n");
    assert_eq!(redactor.push(b"aHV\n").as_ref(), b"aHV\n");
}

#[test]
fn a_long_secret_has_one_mask_and_parts_of_it_too() {
    let secret: String = (0..2000).map(|number| format!("{number:04}")).collect();
    let text = format!("<{secret}>");
    assert_eq!(redact_whole(&secret, &text), "<***>");
    for size in [1, 127, 128, 129, 4096] {
        let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        assert_eq!(redact(&[&secret], &chunks), "<***>", "{size}");
    }
    // It was cut off, or is of another program's line: what is there of it is masked.
    let shown = redact_whole(&secret, &text[..3001]);
    assert!(shown.starts_with("<***") && shown.len() < 300, "{shown}");
    assert_eq!(redact_whole(&secret, &format!("{secret}{secret}")), "******");
}

/// Each of these took minutes when every byte was the beginning of a look at a whole secret.
/// How long it takes is measured where nothing else runs; here it only has to end.
#[test]
fn what_a_secret_is_made_of_costs_nothing() {
    let length = 60_000;
    for part in ["a", "ab", "abc", "\\", "%", "&amp;", "a\n", "+ "] {
        let secret = part.repeat(length / part.len());
        let secrets = Secrets::new([&secret]).unwrap();
        let output = format!("{}x", part.repeat(4096 / part.len()));
        let mut redactor = Redactor::new(secrets);
        let mut given = Vec::new();
        for chunk in output.as_bytes().chunks(1000) {
            given.extend_from_slice(&redactor.push(chunk));
            assert!(redactor.held.len() < 2048, "{part}: {}", redactor.held.len());
        }
        given.extend(redactor.finish());
        let shown = String::from_utf8(given).unwrap();
        assert!(shown.starts_with(MASK) && shown.len() < 600, "{part}: {shown}");
    }
}

#[test]
fn what_programs_make_of_a_value_is_masked() {
    let secret = "pa\"ss\\w0rd-X/é<&>'😀";
    for spelled in [
        // json.dumps, with ensure_ascii and without; JSON.stringify; Debug of Rust.
        r#"pa\"ss\\w0rd-X/\u00e9<&>'\ud83d\ude00"#,
        r#"pa\"ss\\w0rd-X/é<&>'😀"#,
        // PHP; encoding/json of Go; System.Text.Json of .NET.
        r#"pa\"ss\\w0rd-X\/\u00e9<&>'\ud83d\ude00"#,
        r#"pa\"ss\\w0rd-X/é\u003c\u0026\u003e'😀"#,
        r"pa\u0022ss\\w0rd-X/\u00E9\u003C\u0026\u003E\u0027\uD83D\uDE00",
        // JSON within JSON.
        r#"pa\\\"ss\\\\w0rd-X/\\u00e9<&>'\\ud83d\\ude00"#,
        // repr of Python, of text and of bytes.
        r#"pa"ss\\w0rd-X/é<&>\'😀"#,
        r#"pa"ss\\w0rd-X/\xc3\xa9<&>\'\xf0\x9f\x98\x80"#,
        // html.escape, saxutils, numeric references.
        r"pa&quot;ss\w0rd-X/é&lt;&amp;&gt;&#x27;😀",
        r#"pa"ss\w0rd-X/&#233;&lt;&amp;&gt;&#39;&#128512;"#,
        r"pa&#x22;ss&#x5C;w0rd-X&#x2F;&#xE9;&#60;&#38;&#62;&apos;&#x1F600;",
        // urllib, encodeURI, and both once more.
        "pa%22ss%5Cw0rd-X/%C3%A9%3C%26%3E%27%F0%9F%98%80",
        "pa%22ss%5cw0rd-X%2f%c3%a9%3c&%3e'%f0%9f%98%80",
        "pa%2522ss%255Cw0rd-X%252F%25C3%25A9%253C%2526%253E%2527%25F0%259F%2598%2580",
        // A shell's quotes.
        r#"pa\"ss\\w0rd-X/é\<\&\>\'😀"#,
    ] {
        assert_eq!(
            redact_whole(secret, &format!("<{spelled}>")),
            "<***>",
            "{spelled}"
        );
        for at in 0..spelled.len() {
            let (one, two) = spelled.as_bytes().split_at(at);
            assert_eq!(
                redact(&[secret], &[b"<", one, two, b">"]),
                "<***>",
                "{spelled} at {at}"
            );
        }
    }
}

#[test]
fn a_value_that_is_no_text_is_masked_too() {
    let mut redactor = Redactor::new(Secrets::new([b"\xff\xfe\x00\x80"]).unwrap());
    assert_eq!(redactor.push(b"<\xff\xfe\x00\x80>").as_ref(), b"<***>");
    assert_eq!(redactor.push(b"<%ff%FE\\x00%80>").as_ref(), b"<***>");
}

#[test]
fn nothing_to_mask_is_nothing_to_do() {
    assert!(Secrets::new(["", "abc"]).is_none());
    let mut redactor = Redactor::new(Secrets::new(["hunter22"]).unwrap());
    let chunk = b"100% of \\ & nothing that is secret\n";
    assert!(matches!(redactor.push(chunk), Cow::Borrowed(given) if given == chunk));
}

/// A character in one of its spellings.
fn spell(character: char, way: u8) -> String {
    let mut buffer = [0; 4];
    let bytes = character.encode_utf8(&mut buffer).as_bytes();
    let units = |upper: bool| {
        let mut buffer = [0; 2];
        let unit = |unit: &u16| {
            if upper {
                format!("\\u{unit:04X}")
            } else {
                format!("\\u{unit:04x}")
            }
        };
        character
            .encode_utf16(&mut buffer)
            .iter()
            .map(unit)
            .collect::<String>()
    };
    let code = u32::from(character);
    match (way, character) {
        (0, _) => units(false),
        (1, _) => units(true),
        (2, _) => format!("&#{code};"),
        (3, _) => format!("&#x{code:x};"),
        (4, _) => format!("&#x{code:X};"),
        (5, _) => bytes.iter().map(|byte| format!("%{byte:02X}")).collect(),
        (6, _) => bytes.iter().map(|byte| format!("%{byte:02x}")).collect(),
        (7, '"' | '\\' | '/' | '\'' | '&' | '%') => format!("\\{character}"),
        (7, '\n') => "\\n".to_owned(),
        (7, '\t') => "\\t".to_owned(),
        (8, '"') => "&quot;".to_owned(),
        (8, '&') => "&amp;".to_owned(),
        (8, '<') => "&lt;".to_owned(),
        (8, '\'') => "&apos;".to_owned(),
        (8, ' ') => "+".to_owned(),
        _ => character.to_string(),
    }
}

proptest! {
    /// Where the stream is cut makes no difference, no secret survives, and what
    /// is no secret is not touched.
    #[test]
    fn cuts_make_no_difference(
        text in "[ab \n]{0,60}",
        secrets in prop::collection::vec("[ab]{4,8}", 1..4),
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let masked = redact(&secrets, &cut(text.as_bytes(), &cuts));
        for secret in &secrets {
            prop_assert!(!masked.contains(secret), "{secret} in {masked}");
        }
        let innocent = text.split(['a', 'b']).collect::<String>();
        prop_assert_eq!(masked.split(['a', 'b', '*']).collect::<String>(), innocent);
        prop_assert_eq!(masked, redact(&secrets, &[text.as_bytes()]));
    }

    /// No spelling of any character, beside any other, gets through.
    #[test]
    fn no_spelling_of_a_secret_survives(
        secret in r#"[A-Zé😀"\\/<&>'%+ \n\t]{4,12}"#,
        ways in prop::collection::vec(0_u8..12, 12),
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        // A newline at the end is not part of what is looked for.
        prop_assume!(!secret.ends_with('\n'));
        let spelled: String = secret.chars().zip(ways).map(|(character, way)| spell(character, way)).collect();
        let text = format!("({spelled})");
        let masked = redact(&[&secret], &cut(text.as_bytes(), &cuts));
        prop_assert!(masked == "(***)", "{:?} in {:?}", masked, text);
    }

    /// Whatever stands in the text, it is kept but for secrets, and never for long.
    #[test]
    fn what_is_no_secret_comes_out_as_it_went_in(
        text in prop::collection::vec(prop::sample::select(b"\\&%+;#xu25q0ab\"amp".to_vec()), 0..200),
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let chunks = cut(&text, &cuts);
        let mut redactor = Redactor::new(Secrets::new(["NEVER-THERE"]).unwrap());
        let mut out = Vec::new();
        for chunk in chunks {
            out.extend_from_slice(&redactor.push(chunk));
            prop_assert!(redactor.held.len() < 40, "{}", redactor.held.len());
        }
        out.extend(redactor.finish());
        prop_assert_eq!(out, text);
    }
}
