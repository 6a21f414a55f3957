//! Where a setting comes from: flag, then environment (the process's own, then
//! `.env`), then settings file, then default. Decided here and nowhere else.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::cli::args::global::Global;
use crate::cli::args::typed::{typed_path, typed_url};
use crate::cli::shell::database::choice::{DatabaseChoice, UrlSources};
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{fail_with_diagnostics, print_diagnostics};
use crate::cli::shell::stderr::print_words;
use crate::config::{self, Diagnostic, LOG_LEVELS, LoadError, NeededVariable};
use crate::files;
use crate::model::{Schedule, SchemaName, nearest};
use crate::text::{LONGEST, NamedSecrets, read_http_url};

/// Everything that was decided before a verb does its work.
#[derive(Debug)]
pub(crate) struct CliSettings {
    pub(crate) schedule_file: PathBuf,
    pub(crate) collectors_dirs: Vec<PathBuf>,
    pub(crate) database: DatabaseChoice,
    /// Where our tables are on PostgreSQL.
    pub(crate) database_schema: SchemaName,
    pub(crate) state_dir: PathBuf,
    pub(crate) log_level: Option<String>,
    /// The files that all this comes from, whether they are there or not: the settings and `.env`.
    pub(crate) read_once: Vec<PathBuf>,
    /// What the file says and no flag can.
    pub(crate) file: config::Settings,
    /// The process's environment and, below it, that of `.env`.
    pub(crate) environment: ProcessVariables,
    /// What is odd about `.env`; it was said on stderr already.
    pub(crate) dotenv_warnings: Vec<Diagnostic>,
}

/// The process's own variables and, below them, those of `.env`.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProcessVariables(BTreeMap<OsString, OsString>);

impl ProcessVariables {
    /// With what is odd about `.env`.
    fn read() -> (Self, Vec<Diagnostic>) {
        let outer = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        let dotenv = config::load_dotenv(Path::new(DOTENV), &outer);
        let mut variables: BTreeMap<OsString, OsString> = dotenv
            .variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        variables.extend(std::env::vars_os());
        (Self(variables), dotenv.warnings)
    }

    /// A variable; an empty one counts as not set.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// A path. One of `.env` is relative to the project, like those in the other files.
    fn path(&self, name: &str) -> Option<PathBuf> {
        let path = Path::new(self.get(name)?);
        Some(if is_of_process(name) {
            typed_path(path)
        } else {
            path.to_owned()
        })
    }

    fn url(&self, name: &str) -> Result<Option<String>, Failure> {
        let url = self.text(name)?;
        Ok(url.map(|url| if is_of_process(name) { typed_url(&url) } else { url }))
    }

    fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        self.get(name)
            .map(|value| {
                value
                    .to_str()
                    .map(str::to_owned)
                    .ok_or_else(|| Failure::usage(format!("{name} is not valid UTF-8")))
            })
            .transpose()
    }

    /// A copy of all of them.
    pub(crate) fn pairs(&self) -> Vec<(OsString, OsString)> {
        let pairs = self.0.iter();
        pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }
}

/// Whether a variable was there before `.env` was read.
fn is_of_process(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

impl CliSettings {
    /// Decides every setting.
    ///
    /// # Errors
    /// The settings file is wrong, or a file that was named is missing.
    pub(crate) fn resolve(global: &Global) -> Result<Self, Failure> {
        let (environment, dotenv_warnings) = ProcessVariables::read();
        print_diagnostics(&dotenv_warnings);
        let named = global
            .config
            .clone()
            .or_else(|| environment.path("ORCHESTRATE_CONFIG"));
        let file = settings_file(named.as_deref())?;
        files::set_state_mode(file.state_mode);
        refuse_long_secrets(&file.secrets, &environment)?;
        // A collector is given the settings of its run: they win over a `.env` that lies
        // where it works.
        let within_run = environment.get("ORCHESTRATE_RUN_ID").is_some();
        let pick = |flag: &Option<PathBuf>, name: &str, in_file: &Option<PathBuf>, default: &str| {
            flag.clone()
                .or_else(|| in_file.clone().filter(|_| within_run))
                .or_else(|| environment.path(name))
                .or_else(|| in_file.clone())
                .unwrap_or_else(|| PathBuf::from(default))
        };
        let schedule_file = pick(
            &global.schedule_file,
            "BOOST_COLLECTOR_SCHEDULE_YAML",
            &file.schedule_file,
            config::SCHEDULE_FILE,
        );
        let state_dir = pick(
            &global.state_dir,
            "ORCHESTRATE_STATE_DIR",
            &file.state_dir,
            config::STATE_DIR,
        );
        Ok(Self {
            schedule_file,
            state_dir,
            collectors_dirs: collectors_dirs(global, &environment, &file),
            database: database(
                global.database_url.as_deref().map(typed_url).as_deref(),
                &environment,
                &file,
                within_run && named.is_some(),
            )?,
            database_schema: file.database_schema.clone().unwrap_or_default(),
            log_level: log_level(global, &environment, &file)?,
            read_once: vec![
                named.unwrap_or_else(|| PathBuf::from(SETTINGS_FILE)),
                PathBuf::from(DOTENV),
            ],
            file,
            environment,
            dotenv_warnings,
        })
    }
}

impl CliSettings {
    /// The secrets that the settings name, with the values that they have here, whether
    /// collectors inherit them or not.
    pub(crate) fn secrets(&self) -> NamedSecrets {
        let value = |name: &str| self.environment.get(name).map(OsStr::to_owned);
        NamedSecrets::new(&self.file.secrets, value)
    }

    /// What keeps people from being told: variables that are not set, or hold no URL where one is
    /// wanted.
    pub(crate) fn unset(&self) -> Vec<Diagnostic> {
        let problem = |needed: &NeededVariable| {
            let Some(value) = self.environment.get(&needed.name) else {
                return Some(needed.if_unset.clone());
            };
            let is_url = value.to_str().is_some_and(|value| read_http_url(value).is_ok());
            needed.if_no_url.clone().filter(|_| !is_url)
        };
        self.file.needed.iter().filter_map(problem).collect()
    }

    /// The secrets that have no value: neither here, nor in a task of the schedule.
    pub(crate) fn unset_secrets(&self, schedule: Option<&Schedule>) -> Vec<String> {
        let given = |name: &str| {
            let mut tasks = schedule.into_iter().flat_map(Schedule::tasks);
            self.environment.get(name).is_some() || tasks.any(|task| task.policy.env.contains_key(name))
        };
        let unset = self.file.secrets.iter().filter(|name| !given(name));
        unset
            .map(|name| {
                format!(
                    "the variable {name}, which `secrets:` names, is not set: its value is masked nowhere"
                )
            })
            .collect()
    }

    /// Says so on stderr, as a warning: what is to be run can be run.
    pub(crate) fn warn_of_unset(&self) {
        for unset in self.unset() {
            print_words!("warning: {unset}");
        }
    }
}

/// A word that is no level would be taken for the name of a part of the program, and all others
/// would be silent.
fn log_level(
    global: &Global,
    environment: &ProcessVariables,
    file: &config::Settings,
) -> Result<Option<String>, Failure> {
    let (source, level) = match &global.log_level {
        Some(level) => ("--log-level", level.clone()),
        None => match environment.text("ORCHESTRATE_LOG_LEVEL")? {
            Some(level) => ("ORCHESTRATE_LOG_LEVEL", level),
            // Its reader knows the words.
            None => return Ok(file.log_level.map(str::to_owned)),
        },
    };
    let is_part = |part: &&str| part.contains("::") || part.contains(['=', '[']);
    let is_level = |part: &&str| LOG_LEVELS.contains(&part.to_ascii_lowercase().as_str());
    let odd = level
        .split(',')
        .map(str::trim)
        .find(|part| !is_part(part) && !is_level(part));
    let Some(odd) = odd else {
        return Ok(Some(level));
    };
    let failure = Failure::usage(format!("{source} cannot be {odd:?}"));
    Err(failure.hint(match nearest(odd, LOG_LEVELS.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("write one of {}", LOG_LEVELS.join(", ")),
    }))
}

/// What cannot be masked is not begun with.
fn refuse_long_secrets(names: &[String], environment: &ProcessVariables) -> Result<(), Failure> {
    let length = |name: &String| environment.get(name).map_or(0, OsStr::len);
    let Some(name) = names.iter().find(|name| length(name) > LONGEST) else {
        return Ok(());
    };
    Err(Failure::usage(format!(
        "the secret {name} has {} bytes; those of at most {LONGEST} can be masked",
        length(name)
    ))
    .hint(format!(
        "keep it in a file and give collectors its path, or take {name} out of `secrets:`"
    )))
}

/// Whose database is ours. What an application has in its own variable may be anything.
fn database(
    flag: Option<&str>,
    environment: &ProcessVariables,
    file: &config::Settings,
    within_run: bool,
) -> Result<DatabaseChoice, Failure> {
    let own_variable = environment.url("ORCHESTRATE_DATABASE_URL")?;
    let fallback = file.fallback.is_some();
    let application_variable = if fallback {
        None
    } else {
        environment.url("DATABASE_URL")?
    };
    Ok(DatabaseChoice::of(&UrlSources {
        flag,
        own_variable: own_variable.as_deref(),
        settings: file.database_url.as_deref(),
        application_variable: application_variable.as_deref(),
        fallback,
        within_run,
    }))
}

fn collectors_dirs(global: &Global, environment: &ProcessVariables, file: &config::Settings) -> Vec<PathBuf> {
    if !global.collectors_dirs.is_empty() {
        return global.collectors_dirs.clone();
    }
    if let Some(list) = environment.get("ORCHESTRATE_COLLECTORS_DIR") {
        let dirs = std::env::split_paths(list).filter(|dir| !dir.as_os_str().is_empty());
        let typed = is_of_process("ORCHESTRATE_COLLECTORS_DIR");
        return dirs
            .map(|dir| if typed { typed_path(&dir) } else { dir })
            .collect();
    }
    match &file.collectors_dirs {
        Some(dirs) if !dirs.is_empty() => dirs.clone(),
        _ => vec![PathBuf::from(config::COLLECTORS_DIR)],
    }
}

/// Where settings are looked for if nothing names a file.
const SETTINGS_FILE: &str = "config/orchestrator.yaml";

/// The variables of a project.
const DOTENV: &str = ".env";

/// A file that was named must be there; the default one may be missing.
fn settings_file(named: Option<&Path>) -> Result<config::Settings, Failure> {
    let loaded = match config::load_settings(named.unwrap_or(Path::new(SETTINGS_FILE))) {
        // One that nobody may look for is not missing: its secrets would go unmasked.
        Err(LoadError::NotFound(_)) if named.is_none() => return Ok(config::Settings::default()),
        loaded => loaded.map_err(|error| fail_with_diagnostics(error.diagnostics()))?,
    };
    print_diagnostics(&loaded.warnings);
    Ok(loaded.value)
}
