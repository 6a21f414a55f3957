//! The command line, and what it means.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Parser;
use collector_kit::{Category, Failure};

use crate::files::Rules;

/// Which headers, and so which Boost libraries, C++ source trees include.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:\n  run_boost_usage_tracker\n  run_boost_usage_tracker --path src --path \
                  include --exclude 'third_party/**'\n\nExit codes: 0 done; 64 wrong arguments; 65 a path is \
                  no directory; 75 workspace in use; 77 nothing may be read; 78 no tree to scan; 130, 143 \
                  stopped by a signal."
)]
pub(crate) struct Arguments {
    /// A source tree; may be repeated. Default: /usr/include and the sources of Cargo's registry
    #[arg(long = "path", value_name = "DIR")]
    paths: Vec<PathBuf>,

    /// Leave out what matches (gitignore syntax, relative to the tree); may be repeated
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// A file name extension that counts as C or C++, instead of the usual ones; may be repeated
    #[arg(long = "extension", value_name = "EXT")]
    extensions: Vec<String>,

    /// Leave out larger files, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20)]
    max_file_size: u64,

    /// Threads; default: one per core
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
}

impl Arguments {
    /// The trees to scan, as absolute paths, none twice. Errors: a named one is
    /// no directory (65); none is named and none of the default ones is there (78).
    pub(crate) fn roots(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut roots = Vec::new();
        let named = !self.paths.is_empty();
        let candidates = if named {
            self.paths.clone()
        } else {
            default_roots()
        };
        for path in candidates {
            if !path.is_dir() {
                if named {
                    return Err(not_a_tree(&path).into());
                }
                continue;
            }
            let root = path
                .canonicalize()
                .with_context(|| format!("cannot resolve {}", path.display()))?;
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        if roots.is_empty() {
            return Err(Failure::new(
                Category::Configuration,
                "there is nothing to scan: neither /usr/include nor the sources of Cargo's registry are here",
            )
            .hint("name a source tree with --path DIR")
            .into());
        }
        Ok(roots)
    }

    /// Which files count. Errors: an unusable glob or extension (64).
    pub(crate) fn rules(&self) -> anyhow::Result<Rules> {
        Rules::new(&self.extensions, &self.exclude, self.max_file_size, self.threads)
    }
}

fn not_a_tree(path: &Path) -> Failure {
    let what = if path.exists() {
        "is not a directory"
    } else {
        "does not exist"
    };
    Failure::new(Category::Validation, format!("{} {what}", path.display()))
        .hint("name a source tree with --path DIR")
}

fn default_roots() -> Vec<PathBuf> {
    let cargo = std::env::var_os("CARGO_HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    std::iter::once(PathBuf::from("/usr/include"))
        .chain(cargo.map(|home| home.join("registry/src")))
        .collect()
}
