//! Somebody who is told: an HTTP server on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::support::PATIENCE;

/// Answers each connection with `answer`, as long as the test runs; what it was sent
/// comes out of the receiver.
pub(crate) fn server(answer: fn(&mut BufReader<TcpStream>) -> String) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let connection = connection.unwrap();
            connection.set_read_timeout(Some(PATIENCE)).unwrap();
            let said = answer(&mut BufReader::new(connection));
            if sender.send(said).is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

/// Reads a request and answers with `status`; returns its first line and its body.
pub(crate) fn http(stream: &mut BufReader<TcpStream>, status: &str) -> String {
    let (mut first, mut length) = (String::new(), 0);
    stream.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.get_mut().write_all(answer.as_bytes()).unwrap();
    format!("{}\n{}", first.trim(), String::from_utf8(body).unwrap())
}

/// Is content with whatever it is told.
pub(crate) fn well(stream: &mut BufReader<TcpStream>) -> String {
    http(stream, "204 No Content")
}

/// The next request: its first line, and its body as JSON.
pub(crate) fn next(receiver: &Receiver<String>) -> (String, Value) {
    let said = receiver.recv_timeout(PATIENCE).unwrap();
    let (first, body) = said.split_once('\n').unwrap();
    (
        first.to_owned(),
        serde_json::from_str(body).unwrap_or(Value::Null),
    )
}
