//! `notices`: what was told to whom, and whether it arrived.

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::executor::executor;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::{open_store, runtime};
use crate::cli::shell::table::TextTable;
use crate::cli::times::Times;
use crate::model::{Clock, NoticeKind, SystemClock};
use crate::store::{Notice, RecordedNotice};
use crate::text::{counted, make_safe};

/// See who was told what, and whether it arrived
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  orchestrate notices list
  orchestrate notices test")]
pub(crate) enum NoticesVerb {
    /// List the newest notices and what became of them
    #[command(after_help = "\
Examples:
  orchestrate notices list
  orchestrate notices list --last 200 --format json")]
    List(NoticesListArgs),
    /// Deliver what waits
    #[command(after_help = "\
Examples:
  orchestrate notices deliver
  orchestrate notices deliver --quiet")]
    Deliver,
    /// Tell every channel something, to see whether it works
    #[command(after_help = "\
Examples:
  orchestrate notices test
  orchestrate notices test --channel \"mail 2\"")]
    Test(NoticesTestArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NoticesListArgs {
    /// How many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub(crate) last: u32,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct NoticesTestArgs {
    /// Only this one
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<String>,
}

/// The verb.
pub(crate) fn notices(global: &Global, verb: &NoticesVerb) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    match verb {
        NoticesVerb::List(args) => list(&settings, args),
        NoticesVerb::Deliver => deliver_now(&settings),
        NoticesVerb::Test(args) => test(&settings, args),
    }
}

fn list(settings: &CliSettings, args: &NoticesListArgs) -> Result<VerbExit, Failure> {
    let deliveries = with_look(settings, async |look| {
        look.store
            .notices(args.last)
            .await
            .map_err(Failure::infrastructure)
    })?;
    match args.format {
        Format::Json => print_json(&deliveries)?,
        Format::Text if deliveries.is_empty() => print_text("Nobody was told anything.\n")?,
        Format::Text => print_text(&table(&deliveries))?,
    }
    Ok(VerbExit::Success)
}

fn table(deliveries: &[RecordedNotice]) -> String {
    let times = Times::of_output();
    let mut table = TextTable::new(["At", "Kind", "Task", "Channel", "State", "Tries", "Reason"]);
    for delivery in deliveries {
        let notice = &delivery.notice;
        let reason = match &delivery.error {
            Some(error) => format!("{} [not delivered: {error}]", notice.reason),
            None => notice.reason.clone(),
        };
        table.row([
            times.second(notice.at),
            notice.kind.to_string(),
            make_safe(&format!("{}/{}", notice.group, notice.name)).into_owned(),
            make_safe(&notice.channel).into_owned(),
            delivery.state.to_string(),
            delivery.tries.to_string(),
            make_safe(&reason).into_owned(),
        ]);
    }
    table.text()
}

fn deliver_now(settings: &CliSettings) -> Result<VerbExit, Failure> {
    let runtime = runtime()?;
    let failed = runtime.block_on(async {
        let store = open_store(settings).await?;
        let executor = executor(settings, store, Arc::new(SystemClock))?;
        let (notifier, store) = (&executor.notifier, &executor.store);
        notifier.raise(store).await.map_err(Failure::infrastructure)?;
        let delivery = notifier.deliver(store, Duration::MAX).await;
        let failed = delivery.map_err(Failure::infrastructure)?.failed;
        executor.close().await;
        Ok::<_, Failure>(failed)
    })?;
    if failed > 0 {
        let error = Failure::infrastructure(anyhow::anyhow!(
            "{} could not be delivered",
            counted(failed, "notice")
        ));
        return Err(error.hint("orchestrate notices list says why; they are tried again for a day"));
    }
    print_text("Nothing waits.\n")?;
    Ok(VerbExit::Success)
}

fn test(settings: &CliSettings, args: &NoticesTestArgs) -> Result<VerbExit, Failure> {
    let wanted = |name: &str| args.channel.as_ref().is_none_or(|channel| channel == name);
    let channels: Vec<_> = settings
        .file
        .notify
        .iter()
        .filter(|channel| wanted(&channel.name))
        .collect();
    if channels.is_empty() {
        let error = Failure::usage("there is no such channel");
        return Err(error.hint("`notify:` in the settings file lists them"));
    }
    let runtime = runtime()?;
    let failed = runtime.block_on(async {
        let store = open_store(settings).await?;
        let executor = executor(settings, store, Arc::new(SystemClock))?;
        let mut failed = 0;
        for channel in channels {
            let notice = Notice {
                subject: "test".to_owned(),
                channel: channel.name.clone(),
                kind: NoticeKind::Recovery,
                group: "test".to_owned(),
                name: "test".to_owned(),
                command: "test".to_owned(),
                run: None,
                at: SystemClock.now(),
                reason: "somebody tries this channel".to_owned(),
                in_a_row: 1,
                batch: "test".to_owned(),
                hint: None,
                tail: Vec::new(),
            };
            let name = make_safe(&channel.name);
            match executor.notifier.send(channel, &[notice]).await {
                Ok(()) => print_text(&format!("{name}: delivered\n"))?,
                Err(error) => {
                    failed += 1;
                    print_text(&format!("{name}: {}\n", make_safe(&error)))?;
                }
            }
        }
        executor.close().await;
        Ok::<_, Failure>(failed)
    })?;
    Ok(if failed == 0 {
        VerbExit::Success
    } else {
        VerbExit::Infrastructure
    })
}
