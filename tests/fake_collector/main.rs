//! A collector that misbehaves on command: its arguments are verbs, executed in
//! order. The tests drive it; nothing else uses it.
//!
//! `fake-collector out hello err oops sleep 50ms exit 3`

mod processes;
mod report;
mod tracing;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::signal::{SigHandler, SigSet, Signal, raise, signal};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    while let Some(verb) = words.next() {
        match run(&verb, &mut words) {
            Ok(None) => {}
            Ok(Some(code)) => return ExitCode::from(code),
            Err(error) => {
                eprintln!("fake-collector: {verb}: {error}");
                return ExitCode::from(99);
            }
        }
    }
    ExitCode::SUCCESS
}

type Words<'a> = &'a mut dyn Iterator<Item = String>;

/// `Some` ends the program.
fn run(verb: &str, words: Words<'_>) -> io::Result<Option<u8>> {
    match verb {
        // Output.
        "out" => write(1, format!("{}\n", word(words)?).as_bytes())?,
        "err" => write(2, format!("{}\n", word(words)?).as_bytes())?,
        "nonl" => write(1, word(words)?.as_bytes())?,
        "bytes" => write(1, &unhex(&word(words)?)?)?,
        "repeat" => {
            let times: usize = number(words)?;
            write(1, format!("{}\n", word(words)?).repeat(times).as_bytes())?;
        }
        "flood" => flood(number(words)?, &word(words)?)?,
        "flood-err-until" => flood_err_until(&word(words)?)?,
        "close" => close(number(words)?),
        // Ends.
        "exit" => return Ok(Some(number(words)?)),
        // SAFETY: ends the process without any further Rust code.
        "_exit" => unsafe { libc::_exit(number(words)?) },
        "raise" => {
            let name = word(words)?;
            // Rust's runtime has its own ideas of SIGPIPE, SIGSEGV and SIGBUS.
            if name != "KILL" && name != "STOP" {
                handle(&name, SigHandler::SigDfl)?;
            }
            raise(signal_by_name(&name)?)?;
        }
        "signal-self" => raise(signal_by_name(&word(words)?)?)?,
        "stop" => raise(Signal::SIGSTOP)?,
        // SAFETY: raises SIGSEGV, which is the point.
        "crash" => unsafe { std::ptr::null_mut::<u8>().write_volatile(1) },
        // Signals.
        "ignore" => handle(&word(words)?, SigHandler::SigIgn)?,
        "trap" => trap(&word(words)?, number(words)?)?,
        "await" => {
            let signal = SigSet::from(signal_by_name(&word(words)?)?);
            signal.thread_block()?;
            signal.wait()?;
        }
        // Time and resources.
        "sleep" => std::thread::sleep(duration(&word(words)?)?),
        "hang" => loop {
            nix::unistd::pause();
        },
        "cpu" => burn(duration(&word(words)?)?),
        "rss" => hold(number(words)?),
        // Barriers and traces.
        "fifo-read" => drop(io::copy(&mut File::open(word(words)?)?, &mut io::sink())?),
        "fifo-write" => OpenOptions::new()
            .write(true)
            .open(word(words)?)?
            .write_all(b".")?,
        "touch" => drop(File::create(word(words)?)?),
        "append" => append(&word(words)?, &format!("{}\n", word(words)?))?,
        "event" => {
            let file = std::env::var("ORCHESTRATE_EVENTS").map_err(io::Error::other)?;
            append(&file, &format!("{}\n", word(words)?))?;
        }
        // Processes.
        "spawn-bg" => processes::background(&[])?,
        "spawn-session" => processes::background(&[processes::Trait::OwnSession])?,
        "spawn-stubborn" => processes::background(&[processes::Trait::IgnoresTerm])?,
        "chatty" => processes::background(&[processes::Trait::Chatty])?,
        "daemonize" => processes::daemon()?,
        "hydra" => processes::hydra()?,
        "subreaper" => processes::subreaper()?,
        "tree" => processes::tree(number(words)?)?,
        "cpu-child" => processes::waited_child(duration(&word(words)?)?)?,
        // Tracing, and trouble for those above.
        "trace-me" => tracing::trace_me()?,
        "trace-a-thread" => tracing::trace_a_thread()?,
        "traced-by-child" => tracing::have_traced(nix::unistd::getpid(), false)?,
        "trace-supervisor" => tracing::have_traced(nix::unistd::getppid(), true)?,
        "attach" => tracing::attach(nix::unistd::Pid::from_raw(number(words)?), false)?,
        "attach-and-forward" => {
            tracing::attach_and_forward(nix::unistd::Pid::from_raw(number(words)?))?;
        }
        "attach-and-stop" => tracing::attach(nix::unistd::Pid::from_raw(number(words)?), true)?,
        "execute" => return Err(tracing::execute(words)),
        "stop-ancestors" => tracing::shoot(&word(words)?, Signal::SIGSTOP)?,
        "kill-ancestors" => tracing::shoot(&word(words)?, Signal::SIGKILL)?,
        // What it sees.
        "args" => {
            for argument in words {
                write(1, format!("{argument}\n").as_bytes())?;
            }
        }
        "fds"
        | "signals"
        | "dump-env"
        | "tty"
        | "umask"
        | "cwd"
        | "stdin"
        | "session"
        | "nofile"
        | "pid"
        | "parent"
        | "peak-of-orchestrate" => {
            write(1, report::about(verb)?.as_bytes())?;
        }
        _ => return Err(io::Error::other("unknown verb")),
    }
    Ok(None)
}

fn word(words: Words<'_>) -> io::Result<String> {
    words.next().ok_or_else(|| io::Error::other("a word is missing"))
}

fn number<T: std::str::FromStr>(words: Words<'_>) -> io::Result<T> {
    word(words)?.parse().map_err(|_| io::Error::other("not a number"))
}

fn duration(text: &str) -> io::Result<Duration> {
    humantime::parse_duration(text).map_err(io::Error::other)
}

fn unhex(text: &str) -> io::Result<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| value.try_into().ok()))
        .collect();
    let digits = digits.ok_or_else(|| io::Error::other("not hexadecimal"))?;
    Ok(digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect())
}

/// Unbuffered, so that what is written is seen at once.
fn write(fd: i32, bytes: &[u8]) -> io::Result<()> {
    match fd {
        1 => {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes)?;
            stdout.flush()
        }
        _ => io::stderr().write_all(bytes),
    }
}

/// So many bytes without a newline (`nonl`), in lines of ten (`lines`), or in
/// lines of any length with NULs and what is no UTF-8, no two alike (`mixed`).
fn flood(bytes: u64, kind: &str) -> io::Result<()> {
    let block = match kind {
        "mixed" => return flood_mixed(bytes),
        "nonl" => b"xxxxxxxxxx".repeat(6400),
        "lines" => b"123456789\n".repeat(6400),
        _ => return Err(io::Error::other("nonl, lines or mixed?")),
    };
    let mut stdout = File::create("/dev/stdout")?;
    let endless = io::Cursor::new(block);
    let mut left = bytes;
    while left > 0 {
        let count = left.min(endless.get_ref().len() as u64);
        stdout.write_all(&endless.get_ref()[..usize::try_from(count).unwrap_or(0)])?;
        left -= count;
    }
    Ok(())
}

fn flood_mixed(bytes: u64) -> io::Result<()> {
    let filling: Vec<u8> = (0..=255).filter(|byte| !b"\r\n".contains(byte)).collect();
    let mut stdout = io::BufWriter::with_capacity(64 << 10, File::create("/dev/stdout")?);
    let (mut left, mut number) = (bytes, 0_u64);
    while left > 0 {
        let filling = &filling[..usize::try_from(number * 7919 % 200).unwrap_or(0)];
        let line = [format!("{number} ").as_bytes(), filling, b"\n"].concat();
        let count = left.min(line.len() as u64);
        stdout.write_all(&line[..usize::try_from(count).unwrap_or(0)])?;
        left -= count;
        number += 1;
    }
    stdout.flush()
}

/// Writes to stderr until the file exists.
fn flood_err_until(path: &str) -> io::Result<()> {
    let block = [b'e'; 4096];
    while !std::path::Path::new(path).exists() {
        io::stderr().write_all(&block)?;
    }
    Ok(())
}

fn append(path: &str, text: &str) -> io::Result<()> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?
        .write_all(text.as_bytes())
}

fn close(fd: i32) {
    // SAFETY: at worst a later write fails, which is what the caller wants.
    unsafe { libc::close(fd) };
}

fn signal_by_name(name: &str) -> io::Result<Signal> {
    format!("SIG{name}")
        .parse()
        .map_err(|_| io::Error::other("no such signal"))
}

fn handle(name: &str, handler: SigHandler) -> io::Result<()> {
    // SAFETY: either no code at all, or `on_trap`, which only ends the process.
    unsafe { signal(signal_by_name(name)?, handler) }?;
    Ok(())
}

static TRAP_CODE: std::sync::atomic::AtomicI32 = std::sync::atomic::AtomicI32::new(0);

/// Exits with this code when the signal comes.
fn trap(name: &str, code: i32) -> io::Result<()> {
    extern "C" fn on_trap(_: i32) {
        // SAFETY: async-signal-safe (signal-safety(7)).
        unsafe { libc::_exit(TRAP_CODE.load(std::sync::atomic::Ordering::Relaxed)) }
    }
    TRAP_CODE.store(code, std::sync::atomic::Ordering::Relaxed);
    handle(name, SigHandler::Handler(on_trap))
}

fn burn(time: Duration) {
    // CPU time, not wall time: the machine may be busy with other things.
    let used = || {
        nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF)
            .map(|usage| usage.user_time())
    };
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    while used().is_ok_and(|used| used.tv_sec() * 1_000_000 + used.tv_usec() < micros) {
        std::hint::black_box((0..10_000_u64).sum::<u64>());
    }
}

fn hold(bytes: usize) {
    let mut memory = vec![0_u8; bytes];
    for page in memory.chunks_mut(4096) {
        page[0] = 1;
    }
    // Held to the end.
    std::mem::forget(std::hint::black_box(memory));
}

/// Everything that stdin has.
fn read_stdin() -> io::Result<usize> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)
}
