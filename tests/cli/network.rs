//! Servers that are no help: what they cost is bounded, and no wait for them outlives a
//! signal.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::receiver::{http, next, server, well};
use crate::support::{PATIENCE, Place, Running};

const SCHEDULE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: job, schedule: daily}
"#;

/// A signal is heard at once; what it ends may be told to the database.
const PROMPT: Duration = Duration::from_secs(12);

/// An installation whose only collector fails.
fn place(settings: &str) -> Place {
    let place = Place::new(SCHEDULE);
    place.script("job", "#!/bin/sh\nexit 1\n");
    std::fs::write(place.path("config/orchestrator.yaml"), settings).unwrap();
    place
}

fn mail_to(address: &str) -> String {
    format!(
        "notify: [{{name: post, mail: [a@example.org], from: o@example.org, server: \"smtp://{address}\"}}]\n"
    )
}

/// Says nothing to the first who comes, and is well to all others. Both are told.
fn first_silent() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for connection in listener.incoming() {
            let mut stream = BufReader::new(connection.unwrap());
            let said = if silent.is_empty() {
                let mut first = String::new();
                stream.read_line(&mut first).unwrap();
                silent.push(stream);
                first
            } else {
                well(&mut stream)
            };
            if sender.send(said).is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

fn terminate(child: &Running) -> Instant {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
    Instant::now()
}

/// A line without an end.
fn endless(stream: &mut BufReader<TcpStream>) -> String {
    let mut sent = 0_u64;
    let mut write = |bytes: &[u8]| stream.get_mut().write_all(bytes);
    while sent < 8 << 30 && write(&[b'2'; 1 << 16]).is_ok() {
        sent += 1 << 16;
    }
    sent.to_string()
}

/// Lines without an end, all of them one reply.
fn many_lines(stream: &mut BufReader<TcpStream>) -> String {
    let lines = b"220-hello\r\n".repeat(4000);
    while stream.get_mut().write_all(&lines).is_ok() {}
    String::new()
}

/// A head without an end.
fn endless_head(stream: &mut BufReader<TcpStream>) -> String {
    let line = format!("x-a: {}\r\n", "y".repeat(60_000));
    let _ = stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\n");
    while stream.get_mut().write_all(line.as_bytes()).is_ok() {}
    String::new()
}

/// Says back what it did not understand, as some do.
fn parrot(stream: &mut BufReader<TcpStream>) -> String {
    let mut said = String::new();
    stream.get_mut().write_all(b"220 test\r\n").unwrap();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return said;
        }
        said.push_str(&line);
        let answer = match line.trim_end() {
            hello if hello.starts_with("EHLO") => "250-test\r\n250 AUTH PLAIN\r\n".to_owned(),
            other => format!("535 what is {other}\r\n"),
        };
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return said;
        }
    }
}

#[test]
fn a_mail_server_that_never_ends_gets_no_more_memory_than_it_is_given() {
    let (address, told) = server(endless);
    let place = place(&mail_to(&address));
    place
        .run(&["run", "--schedule", "daily"])
        .exits(1)
        .says("more than an answer can be");
    let sent: u64 = told.recv_timeout(PATIENCE).unwrap().parse().unwrap();
    assert!(sent < 256 << 20, "it took {sent} bytes");
    let list = place.run(&["notices", "list", "--format", "json"]).json();
    assert_eq!(list[0]["state"], "pending");
}

#[test]
fn a_reply_of_many_lines_gets_no_more_time_than_it_is_given() {
    let (address, _told) = server(many_lines);
    let place = place(&mail_to(&address));
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(1).says("post was not told");
}

#[test]
fn a_head_without_end_is_not_read_to_its_end() {
    let (address, _told) = server(endless_head);
    let place = place(&format!("notify: [{{webhook: \"http://{address}/\"}}]\n"));
    place
        .run(&["run", "--schedule", "daily"])
        .exits(1)
        .says("the head of the answer is too long");
}

#[test]
fn a_redirect_is_not_followed() {
    let (address, told) = server(|stream| http(stream, "302 Found\r\nlocation: http://127.0.0.1:1/"));
    let place = place(&format!("notify: [{{webhook: \"http://{address}/\"}}]\n"));
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(1).says("the server answered 302");
    next(&told);
}

#[test]
fn sigterm_ends_a_finished_run_that_waits_for_a_server_and_the_next_one_tells() {
    let (address, told) = first_silent();
    let place = place(&format!("notify: [{{webhook: \"http://{address}/\"}}]\n"));
    let child = place.start(&mut place.command(&["run", "--schedule", "daily"]));
    told.recv_timeout(PATIENCE).unwrap();
    let since = terminate(&child);
    let seen = place.see(child);
    assert!(since.elapsed() < PROMPT, "{:?}", since.elapsed());
    seen.exits(1)
        .says("notices wait in the database")
        .says("Summary: 0 succeeded, 1 failed");
    assert_eq!(place.last()["exit_code"], 1);
    let list = place.run(&["notices", "list", "--format", "json"]).json();
    assert_eq!(
        (&list[0]["state"], &list[0]["tries"]),
        (&"pending".into(), &0.into())
    );
    place.run(&["notices", "deliver"]).exits(0);
    assert_eq!(next(&told).1["kind"], "digest");
}

#[test]
fn one_sigterm_ends_a_scheduler_that_waits_for_a_server() {
    let (address, told) = first_silent();
    let settings = format!("dead_man: {{url: \"http://{address}/\", after: tick, every: 10s}}\n");
    let place = place(&settings);
    let child = place.start(&mut place.command(&["serve", "--no-web"]));
    told.recv_timeout(PATIENCE).unwrap();
    let since = terminate(&child);
    let seen = place.see(child);
    assert!(since.elapsed() < PROMPT, "{:?}", since.elapsed());
    seen.exits(0).says_not(&address);
}

#[test]
fn a_password_that_a_server_says_back_is_not_kept() {
    let (address, told) = server(parrot);
    let login = "user: me, password_env: POST_PASSWORD}";
    let place = place(&mail_to(&address).replace('}', &format!(", {login}")));
    std::fs::write(place.path(".env"), "POST_PASSWORD=s3cret-pass\n").unwrap();
    let seen = place.run(&["run", "--schedule", "daily"]);
    let said = told.recv_timeout(PATIENCE).unwrap();
    // `me` and the password in base64, as they are sent.
    let sent = said
        .lines()
        .find_map(|line| line.strip_prefix("AUTH PLAIN "))
        .unwrap();
    seen.exits(1).says("what is").says_not(sent).says_not("s3cret");
    place
        .run(&["notices", "list", "--format", "json"])
        .exits(0)
        .says("what is")
        .says_not(sent);
}

#[test]
fn variables_of_channels_are_found_in_dotenv_and_missing_ones_are_said() {
    let (address, told) = server(well);
    let place = place("notify: [{webhook_env: HOOK_URL}]\ndead_man: {url_env: WATCH_URL, after: run}\n");
    let check = place.run(&["check", "--format", "json"]);
    let found = check.exits(2).json();
    let found: Vec<_> = found.as_array().unwrap().iter().collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0]["code"], "E031-variable-not-set");
    assert_eq!((&found[0]["line"], &found[1]["line"]), (&1.into(), &2.into()));
    place
        .run(&["check"])
        .exits(2)
        .says("`HOOK_URL` is not set")
        .says("settings: 2 errors");
    place.run(&["check", "--schedule-only"]).exits(0);
    place
        .run(&["run", "--schedule", "daily"])
        .exits(1)
        .says("`HOOK_URL` is not set: nobody is told this way");
    place.run(&["health"]).exits(0).says("`WATCH_URL` is not set");
    let env = format!("HOOK_URL=http://{address}/hook\nWATCH_URL=http://{address}/\n");
    std::fs::write(place.path(".env"), env).unwrap();
    place.run(&["check"]).exits(0);
    place.run(&["notices", "test"]).exits(0).says("delivered");
    assert_eq!(next(&told).0, "POST /hook HTTP/1.1");
    // The process's own wins.
    let mut command = place.command(&["notices", "test"]);
    let child = place.start(command.env("HOOK_URL", format!("http://{address}/own")));
    place.see(child).exits(0);
    assert_eq!(next(&told).0, "POST /own HTTP/1.1");
}

#[test]
fn a_command_of_a_channel_that_is_not_there_is_found_by_check() {
    let place = place("notify: [{name: pager, command: [page-me]}]\n");
    place
        .run(&["check"])
        .exits(3)
        .says("the channel pager: there is no collector \"page-me\"");
}

#[test]
fn each_scheme_has_its_proxy_and_this_machine_none() {
    let (proxy, asked) = server(|stream| http(stream, "403 Forbidden"));
    let (address, told) = server(well);
    let test = |url: &str, variables: &[(&str, &str)]| {
        let place = place(&format!("notify: [{{webhook: \"{url}\"}}]\n"));
        let mut command = place.command(&["notices", "test"]);
        let child = place.start(command.envs(variables.iter().copied()));
        place.see(child)
    };
    let proxy = format!("http://{proxy}");
    let direct = test(&format!("http://{address}/"), &[("http_proxy", &proxy)]);
    direct.exits(0);
    next(&told);
    assert!(
        asked.try_recv().is_err(),
        "this machine was asked through a proxy"
    );
    test("http://nobody.invalid/", &[("http_proxy", &proxy)]).exits(3);
    let first = asked.recv_timeout(PATIENCE).unwrap();
    assert!(first.contains("nobody.invalid"), "{first}");
    test("https://nobody.invalid/", &[("http_proxy", &proxy)])
        .exits(3)
        .says("no such host");
    let except = [("ALL_PROXY", proxy.as_str()), ("NO_PROXY", "10.0.0.0/8,invalid")];
    test("http://nobody.invalid/", &except)
        .exits(3)
        .says("no such host");
    assert!(
        asked.try_recv().is_err(),
        "an exception was asked through a proxy"
    );
}

/// A server of git that wants a password.
fn wants_password(stream: &mut BufReader<TcpStream>) -> String {
    http(stream, "401 Unauthorized\r\nwww-authenticate: Basic realm=\"x\"")
}

#[test]
fn git_asks_nobody() {
    let (address, asked) = server(wants_password);
    let schedule = |repository: &str| {
        format!(
            "release: {{repository: \"{repository}\"}}\n{SCHEDULE}      - {{command: sync, schedule: on_release}}\n"
        )
    };
    let place = place("");
    place.schedule(&schedule(&format!("http://{address}/x.git")));
    place.script("sync", "#!/bin/sh\n");
    let programs = place.path("programs");
    std::fs::create_dir(&programs).unwrap();
    let program = |name: &str, text: &str| {
        let path = programs.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let ask = program("ask", "#!/bin/sh\ntouch \"$HOME/asked\"\necho guess\n");
    program(
        "ssh",
        "#!/bin/sh\necho \"$* ask=$SSH_ASKPASS,$SSH_ASKPASS_REQUIRE,$DISPLAY\" >> \"$HOME/ssh\"\nexit 255\n",
    );
    let config = format!("[core]\n\taskPass = {}\n", ask.display());
    std::fs::write(place.path(".gitconfig"), config).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let check = || {
        let mut command = place.command(&["release", "check"]);
        let asking = [("GIT_ASKPASS", &ask), ("SSH_ASKPASS", &ask)];
        let command = command.envs(asking).env("SSH_ASKPASS_REQUIRE", "force");
        let child = place.start(command.env("DISPLAY", ":9").env("PATH", &path));
        place.see(child)
    };
    check().exits(3).says("nobody can tell");
    asked.recv_timeout(PATIENCE).unwrap();
    assert!(!place.path("asked").exists(), "somebody was asked");
    place.schedule(&schedule("ssh://git.invalid/x.git"));
    check().exits(3).says("nobody can tell");
    let mut ssh = String::new();
    let mut file = std::fs::File::open(place.path("ssh")).unwrap();
    file.read_to_string(&mut ssh).unwrap();
    assert!(
        ssh.contains("BatchMode=yes") && ssh.contains("ask=,never,\n"),
        "{ssh}"
    );
}
