//! `records changes`: what deliveries made of records.

use std::io::{self, BufWriter, Write};

use clap::Args;

use crate::cli::args::format::Format;
use crate::cli::args::moment::MomentArg;
use crate::cli::args::task_word::only_task;
use crate::cli::shell::database::look::with_one_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::schedule::schedule_if_usable;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::shelf;
use crate::cli::verbs::look::records::collection::time;
use crate::model::{Clock, SystemClock};
use crate::queries::find_run::{FindRunError, find_run};
use crate::queries::find_task::{Meant, find_tasks};
use crate::records::{ChangeFilter, ChangesCut, RecordChange, Records, RecordsError};
use crate::store::Store;
use crate::text::{counted, cut_line, make_safe};

#[derive(Debug, Args)]
pub(crate) struct RecordsChangesArgs {
    /// A run, or a collector: its newest run that delivered [default: the newest run that delivered]
    #[arg(value_name = "RUN|COLLECTOR")]
    pub(crate) of: Option<String>,
    /// Of all deliveries since then: 7d, today, 18:00, 2026-11-25T04:10:00Z
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<MomentArg>,
    /// Form of the changes: text, or JSON Lines
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// So many characters of a value are shown to people.
const SHOWN: usize = 60;

pub(crate) fn changes(settings: &CliSettings, args: &RecordsChangesArgs) -> Result<VerbExit, Failure> {
    let written = with_one_look(settings, async |look| {
        let (shelf, store) = (shelf(&look.store), &look.store);
        let Some(wanted) = meant(settings, store, &shelf, args).await? else {
            if look.exists {
                print_words!("Nobody has delivered records yet.");
            }
            return Ok(Ok(()));
        };
        let mut out = BufWriter::new(anstream::stdout().lock());
        let mut printed = Printed::default();
        let each = |change: &RecordChange| match args.format {
            Format::Json => json_line(&mut out, change),
            Format::Text => printed.line(&mut out, change),
        };
        match shelf.changes(&wanted, each).await {
            Ok(()) => {}
            Err(RecordsError::Output(error)) => return Ok(Err(error)),
            Err(error) => return Err(Failure::infrastructure(error)),
        }
        let flushed = out.flush();
        drop(out);
        tell(
            &wanted,
            args,
            &printed,
            &shelf
                .changes_cut(&wanted)
                .await
                .map_err(Failure::infrastructure)?,
        );
        Ok(flushed)
    })?;
    match written {
        // A reader that has gone away has seen what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::infrastructure(
            anyhow::Error::new(error).context("cannot write to standard output"),
        )),
        _ => Ok(VerbExit::Success),
    }
}

/// The deliveries that are meant; `None` if there are none at all.
async fn meant(
    settings: &CliSettings,
    store: &Store,
    shelf: &Records,
    args: &RecordsChangesArgs,
) -> Result<Option<ChangeFilter>, Failure> {
    let since = args.since.map(|since| since.resolve(SystemClock.now()));
    let task = match args.of.as_deref() {
        None | Some("last") => None,
        Some(word) => match find_tasks(store, schedule_if_usable(settings).as_ref(), word, None).await {
            Ok(Meant::Unknown(near)) => {
                let run = find_run(store, word)
                    .await
                    .map_err(|error| unknown(word, near, error))?;
                let run = Some(run.header.run);
                return Ok(Some(ChangeFilter {
                    run,
                    since,
                    task: None,
                }));
            }
            Ok(meant) => Some(only_task(meant, word)?),
            Err(error) => return Err(Failure::infrastructure(error)),
        },
    };
    let task = task.map(|task| (task.group, task.name));
    if since.is_some() {
        return Ok(Some(ChangeFilter {
            run: None,
            task,
            since,
        }));
    }
    let run = shelf
        .newest_run(task.as_ref())
        .await
        .map_err(Failure::infrastructure)?;
    Ok(run.map(|run| ChangeFilter {
        run: Some(run),
        task,
        since,
    }))
}

fn unknown(word: &str, near: Option<String>, error: FindRunError) -> Failure {
    match (error, near) {
        (FindRunError::Unknown(_), Some(near)) => {
            Failure::usage(format!("there is no run and no collector {word:?}"))
                .hint(format!("did you mean {near}?"))
        }
        (FindRunError::Unknown(_), None) => {
            Failure::usage(format!("there is no run and no collector {word:?}"))
                .hint("orchestrate history shows the runs")
        }
        (error, _) => error.into(),
    }
}

/// A line of the contract.
fn json_line(out: &mut impl Write, change: &RecordChange) -> io::Result<()> {
    serde_json::to_writer(&mut *out, change)?;
    out.write_all(b"\n")
}

/// What was printed for people; each collection is a heading.
#[derive(Default)]
struct Printed {
    collection: Option<String>,
    lines: u64,
}

impl Printed {
    fn line(&mut self, out: &mut impl Write, change: &RecordChange) -> io::Result<()> {
        self.lines += 1;
        if self.collection.as_ref() != Some(&change.collection) {
            writeln!(out, "{}", make_safe(&change.collection))?;
            self.collection = Some(change.collection.clone());
        }
        let shown = |data: &Option<Box<serde_json::value::RawValue>>| {
            let data = data.as_ref().map_or("-", |data| data.get());
            cut_line(&make_safe(data), Some(SHOWN))
        };
        let (key, change_word) = (make_safe(&change.key), change.change.as_str());
        match (&change.before, &change.after) {
            (Some(_), Some(_)) => {
                writeln!(out, "  {change_word:<7}  {key}  {}", shown(&change.before))?;
                let indent = key.chars().count();
                writeln!(out, "  {:<7}  {:>indent$}  {}", "", "->", shown(&change.after))
            }
            (before, after) => {
                let data = if after.is_some() { after } else { before };
                writeln!(out, "  {change_word:<7}  {key}  {}", shown(data))
            }
        }
    }
}

/// What is said beside the changes: which run they are of, and what is not there.
fn tell(wanted: &ChangeFilter, args: &RecordsChangesArgs, printed: &Printed, cut: &[ChangesCut]) {
    if args.format == Format::Text {
        let of = match (&wanted.run, wanted.since) {
            (Some(run), _) => format!("run {run}"),
            (None, Some(since)) => format!("the deliveries since {}", time(since)),
            (None, None) => "all deliveries".to_owned(),
        };
        let changes = match printed.lines {
            0 => "Nothing was new, changed or gone".to_owned(),
            lines => counted(lines, "change"),
        };
        print_words!("{changes} in {of}.");
    }
    for cut in cut {
        print_words!(
            "of the {} to {} in run {} {} kept",
            counted(cut.changes, "change"),
            make_safe(&cut.collection),
            cut.run,
            match cut.kept {
                0 => "none are".to_owned(),
                kept => format!("the first {kept} are"),
            }
        );
    }
}
