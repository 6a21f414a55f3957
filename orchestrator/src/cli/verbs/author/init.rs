//! `init`: a first project that runs, or what an application's project lacks to be one.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::project::enter_named;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::stderr::print_words;
use crate::cli::verbs::author::check::{CheckArgs, check};
use crate::cli::verbs::author::interpreter::find_python;
use crate::cli::verbs::author::template::{PYTHON_COLLECTOR, SH_COLLECTOR, Template};

/// Make a first project: schedule, settings, two collectors
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate init
  orchestrate init weather")]
pub(crate) struct InitArgs {
    /// Where [default: here]
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Insist on a Django project; one with manage.py is seen without it
    #[arg(long)]
    pub(crate) django: bool,
}

const SCHEDULE: &str = "config/boost_collector_schedule.yaml";
const FALLBACK: &str = include_str!("../../../../templates/init/fallback.yaml");

/// Writes what is not there, checks it, and says how to go on.
pub(crate) fn init(global: &Global, args: &InitArgs) -> Result<VerbExit, Failure> {
    if args.django && !is_there(&args.dir.as_deref().unwrap_or(Path::new(".")).join("manage.py")) {
        return Err(
            Failure::usage("there is no manage.py, so this is no Django project")
                .hint("go where manage.py lies, or leave out --django"),
        );
    }
    if let Some(dir) = &args.dir {
        fs::create_dir_all(dir).map_err(|error| {
            let what = format!("cannot make {}", dir.display());
            Failure::infrastructure(anyhow::Error::new(error).context(what))
        })?;
        enter_named(dir)?;
    }
    let fallback = if is_there(Path::new("manage.py")) {
        fallback()?
    } else {
        String::new()
    };
    for file in files() {
        if is_there(&file.path) {
            print_words!("kept {}, which is there already", file.path.display());
        } else if file.path == Path::new("config/orchestrator.yaml") {
            file.write(&format!("{}{fallback}", file.text))?;
        } else {
            let name = file.path.file_name().unwrap_or_default().to_string_lossy();
            file.write_as(&name)?;
        }
    }
    let everything = CheckArgs {
        schedule_only: false,
        format: Format::Text,
    };
    let exit = check(global, &everything)?;
    if exit == VerbExit::Success {
        print_next_steps(args.dir.as_deref());
    }
    Ok(exit)
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// What makes a project.
fn files() -> Vec<Template> {
    let file = |path: &str, text, executable| Template {
        path: PathBuf::from(path),
        text,
        executable,
    };
    let mut files = vec![
        file(
            SCHEDULE,
            include_str!("../../../../templates/init/schedule.yaml"),
            false,
        ),
        file(
            "config/orchestrator.yaml",
            include_str!("../../../../templates/init/settings.yaml"),
            false,
        ),
    ];
    // To a schedule that is somebody's own they would be strangers.
    if !is_there(Path::new(SCHEDULE)) {
        files.push(file("collectors/files_sh", SH_COLLECTOR, true));
        files.push(file("collectors/files_python", PYTHON_COLLECTOR, true));
    }
    files.push(file(
        ".gitignore",
        include_str!("../../../../templates/init/gitignore"),
        false,
    ));
    files
}

/// Makes Django's management commands collectors.
fn fallback() -> Result<String, Failure> {
    let here = std::env::current_dir().map_err(Failure::infrastructure)?;
    let variable = |name| std::env::var_os(name);
    let python = find_python(
        &here,
        variable("VIRTUAL_ENV").as_deref(),
        variable("PATH").as_deref(),
    )
    .ok_or_else(|| {
        Failure::usage("there is a manage.py, and no Python to run it with")
            .hint("activate the project's virtual environment, or make one in .venv")
    })?;
    // Text in JSON is text in YAML.
    let quoted = serde_json::Value::from(python.to_string_lossy()).to_string();
    Ok(FALLBACK.replace("@PYTHON@", &quoted))
}

fn print_next_steps(dir: Option<&Path>) {
    print_words!("\nnext:");
    if let Some(dir) = dir {
        print_words!("  cd {}", dir.display());
    }
    print_words!("  orchestrate run --schedule daily   # run the daily ones now");
    print_words!("  orchestrate records list           # what they brought");
    print_words!("  orchestrate serve                  # keep the timetable");
}
