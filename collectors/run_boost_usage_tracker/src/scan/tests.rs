//! What is and what is not an include.

use super::*;
use proptest::prelude::*;

/// The includes of a text, one line each: `<h>`, `"h"`, `computed`, `?h`; a `~` before what is conditional.
fn found(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    includes(text.as_bytes(), |include| {
        let header = String::from_utf8_lossy(&include.header);
        let written = match include.form {
            Form::Angle => format!("<{header}>"),
            Form::Quote => format!("\"{header}\""),
            Form::Computed => "computed".to_owned(),
            Form::Probe => format!("?{header}"),
        };
        all.push(if include.conditional {
            format!("~{written}")
        } else {
            written
        });
    });
    all
}

#[test]
fn all_ways_to_include() {
    for (text, expected) in [
        ("#include <boost/any.hpp>", "<boost/any.hpp>"),
        ("  #  include\t\"boost/any.hpp\" // x", "\"boost/any.hpp\""),
        ("#include<a>\r\n", "<a>"),
        ("\u{feff}#include <a>", "<a>"),
        ("%:include <a>", "<a>"),
        ("/* x */ # /* y */ include /* z */ <a>", "<a>"),
        ("/* \n */ #include <a>", "<a>"),
        ("#in\\\nclude <bo\\\r\nost/a>", "<boost/a>"),
        ("#include \\\n <a>", "<a>"),
        ("#include_next <a>", "<a>"),
        ("#import <a>", "<a>"),
        ("import <boost/any.hpp>;", "<boost/any.hpp>"),
        ("export import \"a.h\" ;", "\"a.h\""),
        ("#include MACRO(x)", "computed"),
        ("#include <boost\\asio//ip.hpp>", "<boost/asio/ip.hpp>"),
        ("#include \"./a//b.h\"", "\"a/b.h\""),
        ("#if __has_include(<boost/any.hpp>)\n#endif", "?boost/any.hpp"),
        ("#if defined(X) && __has_include ( \"a.h\" )\n#endif", "?a.h"),
    ] {
        assert_eq!(found(text), [expected], "{text}");
    }
}

#[test]
fn what_only_looks_like_one() {
    for text in [
        "// #include <a>",
        "// x \\\n#include <a>",
        "/* \n#include <a>\n*/",
        "x #include <a>",
        "x /* \n */ #include <a>",
        "\"\\\n#include <a>\"",
        "s = \"\\\"\\\n#include <a>\";",
        "R\"(\n#include <a>\n)\"",
        "u8R\"x(\n)\"\n#include <a>\n)x\"",
        "#define X \\\n#include <a>",
        "#if 0\n#include <a>\n#endif",
        "#if 0\n#if 1\n#include <a>\n#else\n#include <b>\n#endif\n#endif",
        "#if 1\n#else\n#include <a>\n#endif",
        "#if 1\n#elif X\n#include <a>\n#endif",
        "#if (0)\nimport <a>;\n#endif",
        "#include <a\n>",
        "#include",
        "#include <>",
        "#includes <a>",
        "import a;",
        "important <a>;",
        "import <a> + 1;",
        "#error don't\\\n#include <a>",
        "/* unclosed\n#include <a>",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

#[test]
fn what_follows_is_still_found() {
    for text in [
        "char c = '\"';\n#include <a>",
        "char c = '\\'';\n#include <a>",
        "int n = 1'000'000;\n#include <a>",
        "int n = 0xff'ff; char c = '/'; // '\n#include <a>",
        "#error don't\n#include <a>",
        "auto s = R\"(\")\";\n#include <a>",
        "auto s = NOT_R\"(\";\n#include <a>",
        "s = \"/*\";\n#include <a>",
        "s = \"unclosed\n#include <a>",
        "// /*\n#include <a>",
        "/* // */\n#include <a>",
        "/**/\n/***/#include <a>",
        "\\\n#include <a>",
        "s = \"\\\\\";\n#include <a>",
        "#endif\n#else\n#include <a>",
        "#if 0\n#endif\n#include <a>",
        "#if 0\n'\n#endif\n#include <a>",
    ] {
        assert_eq!(found(text), ["<a>"], "{text}");
    }
}

#[test]
fn conditions_that_a_macro_decides() {
    for (text, expected) in [
        (
            "#ifdef X\n#include <a>\n#endif\n#include <b>",
            &["~<a>", "<b>"][..],
        ),
        (
            "#ifdef X\n#include <a>\n#else\n#include <b>\n#endif",
            &["~<a>", "~<b>"],
        ),
        (
            "#if 0\n#elif X\n#include <a>\n#else\n#include <b>\n#endif",
            &["~<a>", "~<b>"],
        ),
        ("#if 0\n#include <a>\n#else\n#include <b>\n#endif", &["<b>"]),
        (
            "#if X\n#elif 1\n#include <a>\n#else\n#include <b>\n#endif",
            &["~<a>"],
        ),
        ("#if 1\n#ifndef X\n#include <a>\n#endif\n#endif", &["~<a>"]),
        (
            "#if /* no */ 0\n#include <a>\n#elifdef X\n#include <b>\n#endif",
            &["~<b>"],
        ),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn the_include_guard_is_no_condition() {
    for text in [
        "// x\n#ifndef A_H\n#define A_H\n#include <a>\n#endif",
        "#if !defined(A_H)\n# define A_H 1\n#include <a>\n#endif",
        "#pragma once\n#if ! defined A_H\n#define A_H\n#include <a>\n#endif",
    ] {
        assert_eq!(found(text), ["<a>"], "{text}");
    }
    for text in [
        "#ifndef A_H\n#define B_H\n#include <a>\n#endif",
        "#define X\n#ifndef A_H\n#define A_H\n#include <a>\n#endif",
        "#ifndef A_H\n#include <a>\n#endif",
    ] {
        assert_eq!(found(text), ["~<a>"], "{text}");
    }
}

/// Pieces of source that hold no include, whatever they look like. Each ends its line.
fn harmless() -> impl Strategy<Value = String> {
    let inside = "[a-z #<>/'\\\\\"*()\n]{0,40}";
    prop_oneof![
        inside.prop_map(|text| format!("/*{}#include <no>*/\n", text.replace("*/", "").replace('*', ""))),
        "[a-z #<>/'\"*()]{0,40}".prop_map(|text| format!("// {text} #include <no>\n")),
        "[a-z #<>/'*()]{0,40}".prop_map(|text| format!("s = \"{text}\\\n#include <no>\";\n")),
        inside.prop_map(|text| format!("s = R\"_(\n#include <no>\n{})_\";\n", text.replace(")_", ""))),
        inside.prop_map(|text| {
            let text = text.replace(['#', '"', '\'', '/', '\\'], "");
            format!("#if 0\n{text}\n#include <no>\n#endif\n")
        }),
        "[a-z =;(){}<>]{0,40}".prop_map(|text| format!("x{text}\n")),
    ]
}

/// What reading line by line finds.
fn line_by_line(text: &str) -> Vec<(Vec<u8>, Form, bool)> {
    let mut all = Vec::new();
    read(
        Cursor::new(text.as_bytes()),
        Cursor::find_line_of_interest,
        &mut |include: Include<'_>| {
            all.push((include.header.into_owned(), include.form, include.conditional));
        },
    );
    all
}

const PIECES: &[&str] = &[
    "#include <a>",
    "# include \"b\"",
    "#if 0",
    "#ifdef X",
    "#else",
    "#endif",
    "#define Y(x) #x",
    "\n",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\\\n",
    "\\\r\n",
    "/*",
    "*/",
    "/* c */",
    "//",
    "\"",
    "'",
    "1'000",
    "R\"(",
    ")\"",
    "R\"x(",
    ")x\"",
    "\\",
    "x",
    "#",
    "/",
    "don't",
    "#error don't",
];

proptest! {
    #[test]
    fn comments_and_strings_never_count(pieces in proptest::collection::vec((harmless(), 0..3u8), 0..12)) {
        let mut text = String::new();
        let mut expected = Vec::new();
        for (at, (piece, include)) in pieces.into_iter().enumerate() {
            text.push_str(&piece);
            if include > 0 {
                text.push_str(&format!("#include <yes/{at}>\n"));
                expected.push(format!("<yes/{at}>"));
            }
        }
        prop_assert_eq!(found(&text), expected, "{}", text);
    }

    #[test]
    fn any_bytes_will_do(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        includes(&text, |_| {});
    }

    /// The fast way finds what reading line by line finds.
    #[test]
    fn both_ways_agree(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..24)) {
        let text = pieces.concat();
        let mut all = Vec::new();
        includes(text.as_bytes(), |include| all.push((include.header.into_owned(), include.form, include.conditional)));
        prop_assert_eq!(all, line_by_line(&text), "{}", text);
    }

    #[test]
    fn any_mess_of_syntax_will_do(text in "[#a\"'/*\\\\\n\rR()<>0 ifendluc%:;]{0,200}") {
        includes(text.as_bytes(), |_| {});
    }
}
