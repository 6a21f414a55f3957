//! The command line.

use clap::Parser;

/// Commits, authors and changed lines per day and per tag of git repositories.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:\n  run_github_activity_tracker\n  run_github_activity_tracker \
                  --repository . --repository https://github.com/boostorg/asio.git\n\nExit codes: 0 done; \
                  64 wrong arguments; 65 not a repository; 69 URL unreachable; 75 workspace in use; \
                  77 access denied; 78 git is missing; 130, 143 stopped by a signal."
)]
pub(crate) struct Arguments {
    /// A repository: a path, or a URL that git can fetch; may be repeated
    #[arg(
        long = "repository",
        value_name = "PATH|URL",
        default_value = ".",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub(crate) repositories: Vec<String>,

    /// The branch whose history counts; default: what HEAD is at
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) branch: Option<String>,

    /// Read the whole history again instead of what is new
    #[arg(long)]
    pub(crate) full: bool,
}

/// What the command line says about how to read, apart from what to read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// The branch, without `refs/heads/`; `None` for HEAD.
    pub(crate) branch: Option<String>,
    /// Read everything again.
    pub(crate) full: bool,
}

impl Arguments {
    /// The part that holds for every repository.
    pub(crate) fn options(&self) -> Options {
        Options {
            branch: self.branch.clone(),
            full: self.full,
        }
    }
}
