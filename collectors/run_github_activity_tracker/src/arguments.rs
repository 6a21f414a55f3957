//! The command line.

use clap::Parser;

use crate::api::OnGithub;
use crate::source::{self, Source};

/// Commits, authors and changed lines per day and per tag of git repositories.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:\n  run_github_activity_tracker\n  run_github_activity_tracker \
                  --repository . --repository https://github.com/boostorg/asio.git\n  \
                  GITHUB_TOKEN=... run_github_activity_tracker --github boostorg/asio\n\nEnvironment: \
                  GITHUB_TOKEN, GITHUB_API_URL (default https://api.github.com).\n\nExit codes: 0 done; \
                  64 wrong arguments; 65 not a repository; 69 not reachable; 75 workspace in use, or too \
                  many requests; 77 access denied; 78 git or the token is missing; 130, 143 stopped by a \
                  signal."
)]
pub(crate) struct Arguments {
    /// A repository: a path, or a URL that git can fetch; may be repeated. Default: the current
    /// directory's, if no --github is given
    #[arg(
        long = "repository",
        value_name = "PATH|URL",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    repositories: Vec<String>,

    /// A repository on GitHub whose issues, pull requests and releases are read too; may be
    /// repeated; needs GITHUB_TOKEN. With it, those of the https://github.com URLs are
    #[arg(long = "github", value_name = "OWNER/NAME")]
    github: Vec<OnGithub>,

    /// The branch whose history counts; default: what HEAD is at
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) branch: Option<String>,

    /// Read everything again instead of what is new
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
    /// The histories to read.
    pub(crate) fn sources(&self) -> Vec<Source> {
        if self.repositories.is_empty() && self.github.is_empty() {
            return vec![Source::parse(".")];
        }
        self.repositories.iter().map(|text| Source::parse(text)).collect()
    }

    /// The repositories on GitHub: those named, and those of the URLs, none twice.
    pub(crate) fn on_github(&self) -> Vec<OnGithub> {
        let of_urls = self.sources().into_iter().filter_map(|source| match source {
            Source::Url(url) => OnGithub::of_id(&source::remote_id(&url)),
            Source::Path(_) => None,
        });
        let mut all: Vec<OnGithub> = Vec::new();
        for one in self.github.iter().cloned().chain(of_urls) {
            if !all.contains(&one) {
                all.push(one);
            }
        }
        all
    }

    /// Whether some are named for what only GitHub itself knows.
    pub(crate) fn asks_github(&self) -> bool {
        !self.github.is_empty()
    }

    /// The part that holds for every repository.
    pub(crate) fn options(&self) -> Options {
        Options {
            branch: self.branch.clone(),
            full: self.full,
        }
    }
}
