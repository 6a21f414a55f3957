//! `token`: who may look and who may act, from elsewhere than this machine. Made and taken back
//! only by who can write to the database.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::{unusable, with_store};
use crate::cli::shell::table::TextTable;
use crate::cli::times::Times;
use crate::model::{Clock, SystemClock, nearest};
use crate::store::{KnownToken, Revocation, Role, SecretValue, Store};
use crate::text::make_safe;

/// Say who may look at the dashboard, and who may act
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  orchestrate token create --name ops-laptop --role operator
  orchestrate token list")]
pub(crate) enum TokenVerb {
    /// Make a token and print it, once; only its hash is kept
    #[command(after_help = "\
Examples:
  orchestrate token create --name ops-laptop --role operator
  orchestrate token create --name wall-screen --role viewer --expires 90d")]
    Create(CreateArgs),
    /// List the tokens: what each allows, until when, and when it was last used
    #[command(after_help = "\
Examples:
  orchestrate token list
  orchestrate token list --format json")]
    List {
        /// Form of the list
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Take a token back: it lets nobody in any more, and its sessions end
    #[command(after_help = "\
Examples:
  orchestrate token revoke ops-laptop
  orchestrate token revoke wall-screen")]
    Revoke {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// What it is called in the list and in the audit: letters, digits, _ . -
    #[arg(long, value_parser = token_name)]
    name: String,
    /// What it allows: viewer to look, operator to act as well
    #[arg(long, value_parser = PossibleValuesParser::new(Role::WORDS))]
    role: String,
    /// How long it lets somebody in: 12h, 90d; for ever where it is not said
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    expires: Option<std::time::Duration>,
}

/// The longest name; it stands in tables and URLs.
const LONGEST: usize = 64;

fn token_name(name: &str) -> Result<String, String> {
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if (1..=LONGEST).contains(&name.len()) && name.chars().all(usable) {
        return Ok(name.to_owned());
    }
    Err(format!("up to {LONGEST} letters, digits, `_`, `.` or `-`"))
}

/// Does what the word after `token` says.
pub(crate) fn token(global: &Global, verb: &TokenVerb) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    match verb {
        TokenVerb::Create(args) => create(&settings, args),
        TokenVerb::List { format } => list(&settings, *format),
        TokenVerb::Revoke { name } => revoke(&settings, name),
    }
}

fn create(settings: &CliSettings, args: &CreateArgs) -> Result<VerbExit, Failure> {
    let now = SystemClock.now();
    let expires = match args.expires {
        None => None,
        Some(span) => Some(
            now.checked_add(span)
                .map_err(|error| Failure::usage(format!("--expires: {error}")))?,
        ),
    };
    // clap has looked at the word.
    let role = Role::parse(&args.role).ok_or_else(|| Failure::usage("--role: viewer or operator"))?;
    let token = SecretValue::new_token().map_err(Failure::infrastructure)?;
    let database = with_store(settings, async |store| {
        let hash = token.hash();
        let created = store.create_token(&args.name, role, &hash, (now, expires)).await;
        match created.map_err(unusable)? {
            true => Ok(store.name()),
            false => Err(taken(&args.name)),
        }
    })?;
    print_text(&format!("{}\n", token.reveal()))?;
    print_words!(
        "The token {} ({role}) is in {}. It is shown this once; orchestrate token revoke {} takes it back.",
        args.name,
        make_safe(&database),
        args.name
    );
    Ok(VerbExit::Success)
}

fn taken(name: &str) -> Failure {
    Failure::usage(format!("there is a token {name:?} already, or there was one"))
        .hint("choose another name: what was done with a token goes by it")
}

fn list(settings: &CliSettings, format: Format) -> Result<VerbExit, Failure> {
    let tokens = with_look(settings, async |look| look.store.tokens().await.map_err(unusable))?;
    match format {
        Format::Json => print_json(&tokens)?,
        Format::Text if tokens.is_empty() => print_text("There is no token.\n")?,
        Format::Text => print_text(&table(&tokens, SystemClock.now()))?,
    }
    Ok(VerbExit::Success)
}

fn table(tokens: &[KnownToken], now: Timestamp) -> String {
    let times = Times::of_output();
    let shown = |at: Option<Timestamp>, otherwise: &str| match at {
        Some(at) => times.minute(at),
        None => otherwise.to_owned(),
    };
    let mut table = TextTable::new(["Token", "Role", "Made", "Until", "Last used"]);
    for token in tokens {
        let until = match (token.revoked_at, token.is_valid(now)) {
            (Some(at), _) => format!("revoked {}", times.minute(at)),
            (None, false) => format!("expired {}", shown(token.expires_at, "")),
            (None, true) => shown(token.expires_at, "for ever"),
        };
        table.row([
            make_safe(&token.name).into_owned(),
            token.role.to_string(),
            times.minute(token.created_at),
            until,
            shown(token.last_used_at, "never"),
        ]);
    }
    table.text()
}

fn revoke(settings: &CliSettings, name: &str) -> Result<VerbExit, Failure> {
    with_store(settings, async |store| {
        let now = SystemClock.now();
        match store.revoke_token(name, now).await.map_err(unusable)? {
            Revocation::Done => print_text(&format!("the token {name} lets nobody in any more\n"))?,
            Revocation::Already => print_text(&format!("the token {name} was revoked before\n"))?,
            Revocation::Unknown => return Err(unknown(store, name).await),
        }
        say_if_nobody_may_act(store, now).await
    })?;
    Ok(VerbExit::Success)
}

async fn unknown(store: &Store, name: &str) -> Failure {
    let failure = Failure::usage(format!("there is no token {name:?}"));
    let tokens = match store.tokens().await {
        Ok(tokens) => tokens,
        Err(error) => return unusable(error),
    };
    match nearest(name, tokens.iter().map(|token| token.name.as_str())) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure.hint("orchestrate token list shows what there is"),
    }
}

/// The last operator may well be taken back: whoever has the database makes the next one.
async fn say_if_nobody_may_act(store: &Store, now: Timestamp) -> Result<(), Failure> {
    let tokens = store.tokens().await.map_err(unusable)?;
    let acts = |token: &KnownToken| token.role == Role::Operator && token.is_valid(now);
    if !tokens.iter().any(acts) {
        print_words!(
            "No token is left that may act: orchestrate token create --name NAME --role operator makes one."
        );
    }
    Ok(())
}
