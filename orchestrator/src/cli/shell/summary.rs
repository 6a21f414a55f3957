//! The files that a run's summary is written to, where they were asked for.

use crate::cli::args::execution::ExecutionArgs;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::Settings;
use crate::events::Summary;
use crate::report::{summary_junit, summary_markdown};

/// Writes `--summary-file` and `--junit`, and appends to `GITHUB_STEP_SUMMARY`.
///
/// # Errors
/// A file that was asked for cannot be written.
pub(crate) fn write_files(
    summary: &Summary,
    args: &ExecutionArgs,
    settings: &Settings,
) -> Result<(), Failure> {
    if let Some(path) = &args.summary_file {
        let mut text = serde_json::to_string_pretty(summary).map_err(Failure::infrastructure)?;
        text.push('\n');
        write(path, &text)?;
    }
    if let Some(path) = &args.junit {
        write(path, &summary_junit(summary).map_err(Failure::infrastructure)?)?;
    }
    if let Some(path) = settings.environment.get("GITHUB_STEP_SUMMARY") {
        append(Path::new(path), &summary_markdown(summary))?;
    }
    Ok(())
}

/// All or nothing: a reader never sees half a file.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    std::fs::write(&temporary, text)
        .and_then(|()| std::fs::rename(&temporary, path))
        .inspect_err(|_| {
            // What is left of the attempt is of no use to anybody.
            let _ = std::fs::remove_file(&temporary);
        })
        .map_err(|error| cannot(path, error))
}

fn append(path: &Path, text: &str) -> Result<(), Failure> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| cannot(path, error))
}

fn cannot(path: &Path, error: std::io::Error) -> Failure {
    Failure::infrastructure(anyhow::Error::new(error).context(format!("cannot write {}", path.display())))
}
