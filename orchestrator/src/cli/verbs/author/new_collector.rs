//! `new collector`: a collector that works, to begin with. The templates are files of
//! their own, so that they can be read, and tested, as what they are.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::args::global::Global;
use crate::cli::args::typed::typed_path_parser;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::verbs::author::template::{PYTHON_COLLECTOR, SH_COLLECTOR, Template};

/// Make something new
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  orchestrate new collector run_weather --lang python
  orchestrate new collector run_weather --lang sh --dir collectors")]
pub(crate) enum NewVerb {
    /// Make a collector that works, with a test, and show the schedule entry to paste
    #[command(after_help = "\
Examples:
  orchestrate new collector run_weather --lang python
  orchestrate new collector run_weather --lang rust --dir collectors")]
    Collector(NewCollectorArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewCollectorArgs {
    /// Its name, which the schedule calls it by
    pub(crate) name: String,
    /// What it is written in
    #[arg(long, value_enum)]
    pub(crate) lang: Language,
    /// Where to put it [default: the first directory in which collectors are looked for]
    #[arg(long, value_name = "DIR", value_parser = typed_path_parser())]
    pub(crate) dir: Option<PathBuf>,
}

/// What a collector can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Python 3, standard library
    Python,
    /// POSIX sh
    Sh,
    /// Rust, a crate of its own
    Rust,
}

const LONGEST_NAME: usize = 64;

/// Writes it, and shows what to paste into the schedule.
pub(crate) fn new_collector(global: &Global, what: &NewVerb) -> Result<VerbExit, Failure> {
    let NewVerb::Collector(args) = what;
    if !is_name(&args.name) {
        return Err(
            Failure::usage(format!("{:?} is no name for a collector", args.name)).hint(format!(
                "write a letter, then letters, digits, - and _, at most {LONGEST_NAME} in all: run_weather"
            )),
        );
    }
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => {
            let settings = CliSettings::resolve(global)?;
            let first = settings.collectors_dirs.into_iter().next();
            first.unwrap_or_else(|| PathBuf::from("collectors"))
        }
    };
    let files = files(&dir, args);
    if let Some(taken) = files.iter().find(|file| file.path.symlink_metadata().is_ok()) {
        return Err(
            Failure::usage(format!("{} is there already", taken.path.display()))
                .hint("choose another name; nothing was written"),
        );
    }
    for file in &files {
        file.write_as(&args.name)?;
    }
    print_words!(
        "try it: orchestrate run-one {}\nits test: {}\nthe schedule entry, under tasks: of a group:",
        args.name,
        test_command(&dir, args)
    );
    print_text(&format!("- command: {}\n  schedule: daily\n", args.name))?;
    Ok(VerbExit::Success)
}

fn is_name(name: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(known)
}

fn files(dir: &Path, args: &NewCollectorArgs) -> Vec<Template> {
    let name = &args.name;
    let file = |path: String, text, executable| Template {
        path: dir.join(path),
        text,
        executable,
    };
    match args.lang {
        Language::Python => vec![
            file(name.clone(), PYTHON_COLLECTOR, true),
            file(
                format!("test_{name}.py"),
                include_str!("../../../../templates/test_collector.py"),
                false,
            ),
        ],
        Language::Sh => vec![
            file(name.clone(), SH_COLLECTOR, true),
            file(
                format!("test_{name}.sh"),
                include_str!("../../../../templates/test_collector.sh"),
                false,
            ),
        ],
        Language::Rust => vec![
            file(
                format!("{name}/Cargo.toml"),
                include_str!("../../../../templates/Cargo.toml.txt"),
                false,
            ),
            file(
                format!("{name}/src/main.rs"),
                include_str!("../../../../templates/collector.rs"),
                false,
            ),
            file(
                format!("{name}/{name}"),
                include_str!("../../../../templates/launch.sh"),
                true,
            ),
        ],
    }
}

fn test_command(dir: &Path, args: &NewCollectorArgs) -> String {
    let dir = dir.display();
    let name = &args.name;
    match args.lang {
        Language::Python => format!("python3 {dir}/test_{name}.py"),
        Language::Sh => format!("sh {dir}/test_{name}.sh"),
        Language::Rust => format!("cargo test --manifest-path {dir}/{name}/Cargo.toml"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_file_name_and_a_word() {
        for good in ["run_weather", "a", "A-1"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "1st", "../x", "a b", "a/b", "-x", "ä", &"x".repeat(65)] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
