//! A laboratory for one attempt: a fork server, a run id of its own, and the proof
//! that nothing is left afterwards.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use orchestrator::model::Limits;
use orchestrator::model::Stream;
use orchestrator::process::{Attempt, AttemptEnd, AttemptSpec, ForkServer, OutputSink};

pub(crate) const ORCHESTRATE: &str = env!("CARGO_BIN_EXE_orchestrate");
pub(crate) const FAKE: &str = env!("CARGO_BIN_EXE_fake-collector");

/// Far more than anything here takes, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One fork server and one directory, both gone in the end.
pub(crate) struct Lab {
    pub(crate) server: ForkServer,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) run_id: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            server: ForkServer::with_executable(ORCHESTRATE),
            directory: tempfile::tempdir().unwrap(),
            run_id: format!("test-{}-{count}", std::process::id()),
        }
    }

    /// The fake collector with these verbs, separated by white space.
    pub(crate) fn fake(&self, verbs: &str) -> AttemptSpec {
        self.spec(FAKE, verbs.split_whitespace())
    }

    pub(crate) fn spec(
        &self,
        program: impl Into<PathBuf>,
        args: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> AttemptSpec {
        AttemptSpec {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            env: vec![("ORCHESTRATE_RUN_ID".into(), self.run_id.clone().into())],
            working_directory: None,
            timeout: None,
            idle_timeout: None,
            grace: Duration::from_secs(20),
            drain: Duration::from_millis(100),
            kill_wait: Duration::from_secs(20),
            lease: None,
            limits: Limits::default(),
        }
    }

    pub(crate) async fn launch(&self, spec: &AttemptSpec) -> Attempt {
        self.server.launch(spec).await.unwrap()
    }

    /// Runs it to its end and proves that it left nothing behind.
    pub(crate) async fn run(&self, spec: &AttemptSpec) -> (AttemptEnd, Kept) {
        let attempt = self.launch(spec).await;
        self.finish(attempt).await
    }

    pub(crate) async fn finish(&self, attempt: Attempt) -> (AttemptEnd, Kept) {
        let mut kept = Kept::default();
        let end = within(attempt.run(&mut kept)).await;
        assert_eq!(survivors(&self.run_id), Vec::<String>::new());
        (end, kept)
    }

    /// Runs the fake collector with these verbs.
    pub(crate) async fn run_fake(&self, verbs: &str) -> (AttemptEnd, Kept) {
        self.run(&self.fake(verbs)).await
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A barrier: opening it waits for the other side.
    pub(crate) fn fifo(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        path
    }

    /// An executable file with this content.
    pub(crate) fn script(&self, name: &str, content: &[u8]) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Ends the fork server; no zombie of ours may be left.
    pub(crate) async fn close(self) {
        within(self.server.shutdown()).await;
        assert_eq!(survivors(&self.run_id), Vec::<String>::new());
    }
}

/// Waits for the other side of a barrier, or fails.
pub(crate) async fn wait_for_fifo(path: &Path) {
    // Not readable before the other side has opened and written it (fifo(7)).
    let fifo = tokio::net::unix::pipe::OpenOptions::new()
        .open_receiver(path)
        .unwrap();
    within(fifo.readable()).await.unwrap();
}

/// With a deadline, so that a hang is a failure and not a hang.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it hangs")
}

/// Waits until a condition holds, or fails.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// All output, by stream.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) quiets: usize,
}

impl Kept {
    pub(crate) fn out(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    pub(crate) fn err(&self) -> &str {
        std::str::from_utf8(&self.stderr).unwrap()
    }
}

impl OutputSink for Kept {
    async fn chunk(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.stdout.extend_from_slice(bytes),
            Stream::Stderr => self.stderr.extend_from_slice(bytes),
        }
    }

    async fn quiet(&mut self) {
        self.quiets += 1;
    }
}

/// Everything that carries this run id in its environment, as `pid name`.
pub(crate) fn survivors(run_id: &str) -> Vec<String> {
    let wanted = format!("ORCHESTRATE_RUN_ID={run_id}");
    processes()
        .into_iter()
        .filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == wanted.as_bytes())
        })
        .map(|pid| {
            format!(
                "{pid} {}",
                fs::read_to_string(format!("/proc/{pid}/comm"))
                    .unwrap_or_default()
                    .trim()
            )
        })
        .collect()
}

pub(crate) fn processes() -> Vec<i32> {
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// State letter and parent of a process.
pub(crate) fn stat(pid: i32) -> Option<(char, i32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat[stat.rfind(')')? + 1..].split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

pub(crate) fn is_alive(pid: i32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z' && state != 'X')
}

pub(crate) fn parent_of(pid: i32) -> i32 {
    stat(pid).unwrap().1
}

/// Kills the fork server of a supervisor. It may be gone already, and its supervisor
/// be used again before that was noticed: then its parent is this process.
pub(crate) fn kill9_fork_server_of(supervisor: i32) {
    let parent = parent_of(supervisor);
    if parent.cast_unsigned() != std::process::id() {
        kill9(parent);
    }
}

pub(crate) fn kill9(pid: i32) {
    send(pid, nix::sys::signal::Signal::SIGKILL);
}

pub(crate) fn send(pid: i32, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).unwrap();
}

/// A process outside every tree that traces one and never waits for it.
pub(crate) struct Tracer(std::process::Child);

impl Tracer {
    /// `how` is `attach`, or `attach-and-stop` to keep it stopped.
    pub(crate) fn new(how: &str, pid: i32) -> Self {
        let pid = pid.to_string();
        let mut tracer = std::process::Command::new(FAKE)
            .args([how, &pid, "out", "attached", "hang"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = [0; 9];
        let output = tracer.stdout.as_mut().unwrap();
        std::io::Read::read_exact(output, &mut said).unwrap();
        Self(tracer)
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Another test of this binary, an ignored one, to be run in a process of its own.
pub(crate) fn part(wrapper: &[&str], test: &str) -> std::process::Command {
    let binary = std::env::current_exe().unwrap();
    let own = [
        binary.to_str().unwrap(),
        "--exact",
        test,
        "--ignored",
        "--nocapture",
    ];
    let line = [wrapper, &own].concat();
    let mut command = std::process::Command::new(line[0]);
    command.args(&line[1..]).env(PART, "1");
    command
}

const PART: &str = "PROCESS_TEST_PART";

/// Whether this process was made by [`part`].
pub(crate) fn is_part() -> bool {
    std::env::var_os(PART).is_some()
}

/// Runs such a part to its end, which must be a good one.
pub(crate) fn run_part(wrapper: &[&str], test: &str) {
    let output = part(wrapper, test).output().unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{test}: {text}");
    // What it has to say (seeds, counts) is for whoever reads the log of a run.
    println!("{text}");
}

/// Whether this user may run a command in such surroundings; says so if not.
pub(crate) fn allowed(wrapper: &[&str]) -> bool {
    let mut command = std::process::Command::new(wrapper[0]);
    let allowed = command.args(&wrapper[1..]).arg("true").output();
    let allowed = allowed.is_ok_and(|output| output.status.success());
    if !allowed {
        eprintln!("SKIPPED: this user may not {}", wrapper.join(" "));
    }
    allowed
}

/// How often to shoot at something that is hit only now and then.
pub(crate) fn shots() -> u32 {
    if full() { 1000 } else { 40 }
}

/// Whether the long forms of some tests are asked for.
pub(crate) fn full() -> bool {
    std::env::var_os("ORCHESTRATE_TEST_FULL").is_some()
}
