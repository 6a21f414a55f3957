//! `logs --follow`: what there is and what comes, until the run has ended.

use std::io::{self, Write};

use crate::cli::shell::database::look::with_one_look;
use crate::cli::shell::stderr::print_words;
use crate::cli::verbs::look::logs::text::LogForm;
use crate::cli::verbs::look::logs::whole::print_hole;
use crate::cli::verbs::look::logs::{Asked, PrintError};
use crate::queries::logs::{DistantFollower, FollowError, Heard, LogBell, LogChoice, LogFollower};
use crate::rundir::{StateDir, goes_on};
use crate::store::Store;
use crate::text::make_safe;

/// Prints what there is and what comes, until the run has ended or its process is gone.
///
/// # Errors
/// A file cannot be read, the database fails at the beginning, or `out` does.
pub(super) fn follow(asked: &Asked<'_>, choice: LogChoice, out: &mut impl Write) -> Result<(), PrintError> {
    let dir = StateDir(&asked.settings.state_dir).run(asked.run());
    if asked.meant.may_be_distant && !goes_on(&dir) {
        let mut printed = Ok(());
        with_one_look(asked.settings, async |look| {
            printed = follow_distant(asked, look.store.clone(), choice.clone(), out).await;
            Ok(())
        })?;
        return printed;
    }
    let form = asked.args.form();
    let tail = asked.args.tail;
    let mut follower = LogFollower::open(&asked.settings.state_dir, asked.run(), choice, tail)?;
    follower.read(&mut |owner, record| form.write(owner, record, out))?;
    out.flush()?;
    while follower.wait()? {
        follower.read(&mut |owner, record| form.write(owner, record, out))?;
        out.flush()?;
    }
    Ok(follower.finish(&mut |owner, record| form.write(owner, record, out))?)
}

/// The same where another machine may have the run. A database that is away for a while is asked
/// again.
async fn follow_distant(
    asked: &Asked<'_>,
    store: Store,
    choice: LogChoice,
    out: &mut impl Write,
) -> Result<(), PrintError> {
    let (form, state_dir) = (asked.args.form(), asked.settings.state_dir.clone());
    let run = asked.run().clone();
    let mut bell = LogBell::new(store.clone());
    let tail = asked.args.tail;
    let mut follower = DistantFollower::new(store, run, state_dir, choice, tail);
    let mut is_away = false;
    loop {
        match follower.read(&mut |heard| print(form, &heard, out)).await {
            Ok(true) => return Ok(()),
            Ok(false) => is_away = false,
            Err(FollowError::Io(error)) => return Err(error.into()),
            Err(FollowError::Store(error)) => {
                if !std::mem::replace(&mut is_away, true) {
                    print_words!("{}; it is asked again", make_safe(&error.to_string()));
                }
            }
        }
        out.flush()?;
        bell.ring_for(asked.run()).await;
    }
}

fn print(form: LogForm, heard: &Heard<'_>, out: &mut impl Write) -> io::Result<()> {
    match *heard {
        Heard::Line { owner, record, .. } => form.write(owner, record, out),
        Heard::Hole { owner, hole, file } => {
            out.flush()?;
            print_hole(&owner.group, &owner.name, hole, file);
            Ok(())
        }
    }
}
