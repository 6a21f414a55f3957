//! Every block of commands in README.md and docs/ is run, in the order of its page, as a reader
//! would type it.
//!
//! Comments above a block say what it is. `<!-- set-up: NAME WORDS -->` begins a new project
//! (`set_up`), in which all blocks run until the next one; without any it is an empty directory.
//! `<!-- exits: N -->`: the block ends with that code. `<!-- output -->`: what the commands above
//! printed, to the letter. `<!-- file: PATH -->`, `<!-- program: PATH -->`: the block is that file.
//! `<!-- no-test: why -->`: it is not run, for at most five of all blocks.

mod page;
mod set_up;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use page::{Block, blocks, indented_commands};
use set_up::set_up;

use crate::support::{ORCHESTRATE, Place, Seen};

/// At most so many blocks are not run.
const UNTESTED: usize = 5;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// README.md and the pages of docs/.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort_unstable();
    pages.insert(0, root().join("README.md"));
    pages
}

/// Where a page's blocks run.
struct Reader {
    place: Place,
    /// Where the last block went.
    directory: PathBuf,
    /// What it printed.
    printed: String,
}

impl Reader {
    fn new(words: &str) -> Option<Self> {
        let place = set_up(words)?;
        let directory = place.path("here");
        Some(Self {
            place,
            directory,
            printed: String::new(),
        })
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        let path = self.directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Types the commands; the first that fails ends the block.
    fn types(&mut self, block: &Block) {
        let went = self.place.path("went");
        let script = format!("{}\npwd > '{}'\n", block.text, went.display());
        let folder = Path::new(ORCHESTRATE).parent().unwrap();
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command
            .args(["-eu", "-c", &script])
            .current_dir(&self.directory)
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.place.dir.path())
            .env("COLUMNS", "80")
            .env("ORCHESTRATE_EVENTS", self.place.path("events"))
            .env(crate::support::MARKER, &self.place.marker)
            .stdin(std::process::Stdio::null());
        let seen: Seen = self.place.see(self.place.start(&mut command));
        let wanted = block.marker("exits").map_or(0, |code| code.parse().unwrap());
        assert_eq!(seen.code, Some(wanted), "{}: {}\n{seen:#?}", block.at, block.text);
        if wanted == 0 {
            self.directory = PathBuf::from(fs::read_to_string(went).unwrap().trim_end());
        }
        self.printed = format!("{}{}", seen.stdout, seen.stderr);
    }
}

/// Runs a page's blocks.
fn read_through(page: &Path) {
    let mut reader = Some(Reader::new("empty").unwrap());
    for block in blocks(page) {
        if let Some(words) = block.marker("set-up") {
            // What cannot be set up here (no Django) was said.
            reader = Reader::new(words);
        }
        let Some(reader) = &mut reader else { continue };
        let file = block.marker("file").map(|name| (name, 0o644));
        let program = block.marker("program").map(|name| (name, 0o755));
        if let Some((name, mode)) = file.or(program) {
            reader.write(name, &block.text, mode);
        } else if block.marker("output").is_some() {
            assert_eq!(reader.printed, block.text, "{}", block.at);
        } else if block.language == "sh" && block.marker("no-test").is_none() {
            reader.types(&block);
        }
    }
}

#[test]
fn the_readme_is_true() {
    read_through(&root().join("README.md"));
}

#[test]
fn the_way_from_elsewhere_is_true() {
    read_through(&root().join("docs/migration.md"));
}

#[test]
fn the_other_pages_are_true() {
    for page in &pages()[1..] {
        if !page.ends_with("migration.md") {
            read_through(page);
        }
    }
}

#[test]
fn few_blocks_are_not_run_and_each_says_why() {
    let all: Vec<Block> = pages().iter().flat_map(|page| blocks(page)).collect();
    let untested: Vec<&Block> = all
        .iter()
        .filter(|block| block.marker("no-test").is_some())
        .collect();
    assert!(untested.len() <= UNTESTED, "{untested:#?}");
    for block in &untested {
        assert!(
            block.marker("no-test").is_some_and(|why| why.len() > 10),
            "{block:#?}"
        );
    }
    // A command elsewhere would be read and never run.
    for page in pages() {
        assert_eq!(indented_commands(&page), [""; 0], "write it in a block of `sh`");
    }
    for page in ["README.md", "docs/migration.md"] {
        let mut others = blocks(&root().join(page)).into_iter();
        let typed = others.find(|block| block.text.starts_with("$ ") || block.text.contains("\n$ "));
        assert!(typed.is_none(), "{typed:#?}");
    }
}
