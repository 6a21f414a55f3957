//! Behind a pooler that does not hand on what a connection asks for at its start, our tables
//! are found all the same.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;

use crate::cluster::{cluster, name_of};
use crate::support::Place;

/// What the pooler does with `options` at the start of a connection.
#[derive(Clone, Copy)]
enum Manner {
    /// As PgBouncer does.
    Refuses,
    /// As PgBouncer does with `ignore_startup_parameters = options`.
    Drops,
}

/// The URL of a server that is reached through it; it listens until the process ends.
fn pooler(socket: PathBuf, database: &str, manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let socket = socket.clone();
            thread::spawn(move || serve(client, &socket, manner));
        }
    });
    format!("postgres://test:s3cret@127.0.0.1:{port}/{database}?sslmode=disable")
}

/// PostgreSQL, Frontend/Backend Protocol, StartupMessage: its length, the protocol, then
/// names and values, each with a NUL at its end.
fn serve(mut client: TcpStream, socket: &Path, manner: Manner) -> Option<()> {
    let mut length = [0; 4];
    client.read_exact(&mut length).ok()?;
    let mut rest = vec![0; u32::from_be_bytes(length) as usize - 4];
    client.read_exact(&mut rest).ok()?;
    let words: Vec<&[u8]> = rest[4..].split(|byte| *byte == 0).collect();
    let asks = words.iter().step_by(2).any(|name| *name == b"options");
    if asks && matches!(manner, Manner::Refuses) {
        let fields = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0";
        let mut answer = vec![b'E'];
        answer.extend(u32::try_from(fields.len() + 4).unwrap().to_be_bytes());
        answer.extend(fields);
        return client.write_all(&answer).ok();
    }
    let mut startup = rest[..4].to_vec();
    for pair in words
        .chunks(2)
        .filter(|pair| pair.len() == 2 && !pair[0].is_empty() && pair[0] != b"options")
    {
        startup.extend([pair[0], b"\0", pair[1], b"\0"].concat());
    }
    startup.push(0);
    let mut server = UnixStream::connect(socket).ok()?;
    server
        .write_all(&u32::try_from(startup.len() + 4).unwrap().to_be_bytes())
        .ok()?;
    server.write_all(&startup).ok()?;
    let (mut from_client, mut to_server) = (client.try_clone().ok()?, server.try_clone().ok()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(std::net::Shutdown::Both);
    });
    let _ = std::io::copy(&mut server, &mut client);
    client.shutdown(std::net::Shutdown::Both).ok()
}

#[test]
fn our_tables_are_in_their_schema_behind_any_pooler() {
    for manner in [Manner::Refuses, Manner::Drops] {
        let database = name_of(&cluster().database()).to_owned();
        let url = pooler(cluster().socket(), &database, manner);
        let place = Place::new(
            "groups:\n  g:\n    default_time: \"04:10\"\n    tasks:\n      - {command: fake, schedule: daily}\n",
        );
        let run = |args: &[&str]| place.run(&[args, &["--database-url", &url]].concat());
        run(&["run", "--schedule", "daily"]).exits(0);
        assert_eq!(run(&["history"]).exits(0).stdout.lines().count(), 2);
        let there = cluster().psql(&database, "select count(*) from orchestrate.runs");
        assert_eq!(there, "1\n");
        let public = cluster().psql(
            &database,
            "select count(*) from pg_class where relnamespace = to_regnamespace('public')",
        );
        assert_eq!(public, "0\n");
    }
}
