//! `notices`: what was told to whom, and whether it arrived.

use std::sync::Arc;

use comfy_table::{Table, presets};

use crate::cli::args::notices::{NoticesListArgs, NoticesTestArgs, NoticesVerb};
use crate::cli::command_line::{Format, Global};
use crate::cli::shell::executor::executor;
use crate::cli::shell::exit::Exit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::Settings;
use crate::cli::shell::store::{open_store, runtime, with_store};
use crate::model::{Clock, NoticeKind, SystemClock};
use crate::store::{Notice, RecordedNotice};
use crate::text::make_safe;

/// The verb.
pub(crate) fn notices(global: &Global, verb: &NoticesVerb) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    match verb {
        NoticesVerb::List(args) => list(&settings, args),
        NoticesVerb::Deliver => deliver_now(&settings),
        NoticesVerb::Test(args) => test(&settings, args),
    }
}

fn list(settings: &Settings, args: &NoticesListArgs) -> Result<Exit, Failure> {
    let deliveries = with_store(settings, async |store| {
        store.notices(args.last).await.map_err(Failure::infrastructure)
    })?;
    match args.format {
        Format::Json => print_json(&deliveries)?,
        Format::Text if deliveries.is_empty() => print_text("Nobody was told anything.\n")?,
        Format::Text => print_text(&table(&deliveries))?,
    }
    Ok(Exit::Success)
}

fn table(deliveries: &[RecordedNotice]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["At", "Kind", "Task", "Channel", "State", "Tries", "Reason"]);
    for delivery in deliveries {
        let notice = &delivery.notice;
        let reason = match &delivery.error {
            Some(error) => format!("{} [not delivered: {error}]", notice.reason),
            None => notice.reason.clone(),
        };
        table.add_row([
            format!("{:.0}", notice.at),
            notice.kind.to_string(),
            make_safe(&format!("{}/{}", notice.group, notice.command)).into_owned(),
            make_safe(&notice.channel).into_owned(),
            delivery.state.to_string(),
            delivery.tries.to_string(),
            make_safe(&reason).into_owned(),
        ]);
    }
    format!("{table}\n")
}

fn deliver_now(settings: &Settings) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let failed = runtime.block_on(async {
        let store = open_store(settings).await?;
        let executor = executor(settings, store, Arc::new(SystemClock))?;
        let (notifier, store) = (&executor.notifier, &executor.store);
        notifier.raise(store).await.map_err(Failure::infrastructure)?;
        let failed = notifier.deliver(store).await.map_err(Failure::infrastructure)?;
        executor.close().await;
        Ok::<_, Failure>(failed)
    })?;
    if failed > 0 {
        let error = Failure::infrastructure(anyhow::anyhow!("{failed} notices could not be delivered"));
        return Err(error.hint("orchestrate notices list says why; they are tried again for a day"));
    }
    print_text("Nothing waits.\n")?;
    Ok(Exit::Success)
}

fn test(settings: &Settings, args: &NoticesTestArgs) -> Result<Exit, Failure> {
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
                command: "test".to_owned(),
                run: None,
                at: SystemClock.now(),
                reason: "somebody tries this channel".to_owned(),
                in_a_row: 1,
            };
            let name = make_safe(&channel.name);
            match executor.notifier.send(channel, &notice).await {
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
        Exit::Success
    } else {
        Exit::Infrastructure
    })
}
