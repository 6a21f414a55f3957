//! A PostgreSQL of our own: one cluster for this test run, one database for each
//! test. It lives as long as the pipe to it: when the test process ends, in whatever
//! way, a small shell stops the server and removes its files. A process that ends by
//! itself waits for that.

use std::fs;
use std::io::Write;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use nix::unistd::{Gid, Uid, User};

/// A running server that takes connections on a unix socket only.
pub(crate) struct Cluster {
    dir: PathBuf,
    /// Of TCP, and a part of the socket's name.
    port: u16,
    /// Ends the server when its standard input ends.
    keeper: Mutex<Child>,
}

/// The cluster of this test run, started by whoever needs it first.
pub(crate) fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(|| {
        // SAFETY: the handler is a plain function; it runs once, as the process exits.
        unsafe { libc::atexit(stop_at_exit) };
        Cluster::start()
    })
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();

extern "C" fn stop_at_exit() {
    if let Some(cluster) = CLUSTER.get() {
        cluster.stop();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Cluster {
    /// Another one, for a test that stops it.
    pub(crate) fn start() -> Self {
        Self::start_with(5432, |_| String::new())
    }

    /// Another one, with more settings, which may speak of files that `prepare` puts into
    /// its directory.
    pub(crate) fn start_with(port: u16, prepare: impl FnOnce(&Path) -> String) -> Self {
        let binaries = binaries();
        let dir = tempfile::Builder::new().prefix("pg").tempdir().unwrap().keep();
        // initdb refuses to work as root.
        let (uid, gid) = unprivileged();
        chown(&dir, Some(uid.as_raw()), Some(gid.as_raw())).unwrap();
        let run = |program: &str, args: &[&str]| {
            let mut command = Command::new(binaries.join(program));
            command.args(args).current_dir(&dir).stdin(Stdio::null());
            as_user(&mut command, uid, gid);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{program}: {output:?}");
        };
        let socket = dir.to_str().unwrap();
        run(
            "initdb",
            &[
                "--no-sync",
                "--auth=trust",
                "--username=test",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "data",
            ],
        );
        // No fsync: what a power cut would do is not what is tested.
        let settings = format!(
            "fsync = off\nfull_page_writes = off\nshared_buffers = 64MB\n\
             listen_addresses = ''\nport = {port}\nunix_socket_directories = '{socket}'\n{}",
            prepare(&dir)
        );
        for file in fs::read_dir(&dir).unwrap().flatten() {
            chown(file.path(), Some(uid.as_raw()), Some(gid.as_raw())).unwrap();
        }
        fs::OpenOptions::new()
            .append(true)
            .open(dir.join("data/postgresql.conf"))
            .and_then(|mut file| file.write_all(settings.as_bytes()))
            .unwrap();
        let start = ["-D", "data", "-l", "log", "-w", "start"];
        run("pg_ctl", &start);
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", "cat; \"$0\" -D data -m immediate stop; cd /; rm -rf \"$1\""])
            .arg(binaries.join("pg_ctl"))
            .arg(&dir)
            .current_dir(&dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the tests; this one waits for their end.
            .process_group(0);
        as_user(&mut keeper, uid, gid);
        Self {
            keeper: Mutex::new(keeper.spawn().unwrap()),
            dir,
            port,
        }
    }

    fn stop(&self) {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        drop(keeper.stdin.take());
        // It may have been waited for already.
        let _ = keeper.wait();
    }

    /// The URL of a new, empty database.
    pub(crate) fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("create database {name}"));
        self.url(&name)
    }

    pub(crate) fn url(&self, database: &str) -> String {
        let host = self.dir.to_str().unwrap().replace('/', "%2F");
        format!("postgres://test:s3cret@{host}:{}/{database}", self.port)
    }

    /// What psql prints of a query, in a database.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> String {
        let output = Command::new(binaries().join("psql"))
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "test",
                "-h",
            ])
            .arg(&self.dir)
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql])
            // Where our tables are, then everybody else's.
            .env("PGOPTIONS", "-c search_path=orchestrate,public")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.join(format!(".s.PGSQL.{}", self.port))
    }

    /// Its directory, which goes with it.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Stops the server at once, as a crash would, or starts it again.
    pub(crate) fn control(&self, args: &[&str]) {
        let (uid, gid) = unprivileged();
        let mut command = Command::new(binaries().join("pg_ctl"));
        command
            .args(["-D", "data", "-w"])
            .args(args)
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        as_user(&mut command, uid, gid);
        assert!(command.status().unwrap().success());
    }
}

/// The server's programs; Debian does not put them into PATH.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut found: Vec<PathBuf> = versions
        .map(|version| version.path().join("bin"))
        .chain(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ))
        .filter(|dir| {
            ["initdb", "pg_ctl", "psql"]
                .iter()
                .all(|program| dir.join(program).exists())
        })
        .collect();
    found.sort();
    found
        .pop()
        .expect("PostgreSQL is missing: apt-get install postgresql (scripts/test does it as root)")
}

fn unprivileged() -> (Uid, Gid) {
    if !Uid::effective().is_root() {
        return (Uid::effective(), Gid::effective());
    }
    let nobody = User::from_name("nobody")
        .unwrap()
        .expect("there is no user nobody");
    (nobody.uid, nobody.gid)
}

fn as_user(command: &mut Command, uid: Uid, gid: Gid) {
    if Uid::effective().is_root() {
        command.uid(uid.as_raw()).gid(gid.as_raw());
    }
}

/// The last part of a database URL.
pub(crate) fn name_of(url: &str) -> &str {
    Path::new(url).file_name().unwrap().to_str().unwrap()
}
