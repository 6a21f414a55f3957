//! A server on this machine that answers as GitHub would: one answer per
//! request, in the order that the test gives. It keeps what it was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// One answer: status, header fields, body. `{base}` stands for the server's address.
pub(crate) struct Answer(
    pub(crate) u16,
    pub(crate) &'static [(&'static str, &'static str)],
    pub(crate) String,
);

pub(crate) struct Server {
    pub(crate) base: String,
    asked: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers as many requests as there are answers, then closes.
    pub(crate) fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (heard, address) = (Arc::clone(&asked), base.clone());
        let thread = std::thread::spawn(move || {
            for answer in answers {
                let (stream, _) = listener.accept().unwrap();
                let Some(request) = read(&stream) else { return };
                heard.lock().unwrap().push(request);
                write(&stream, &answer, &address);
            }
        });
        Self {
            base,
            asked,
            thread: Some(thread),
        }
    }

    /// The requests, when all answers were given.
    pub(crate) fn finish(mut self) -> Vec<String> {
        // Whoever still waits for a request gets one that says nothing.
        drop(TcpStream::connect(self.base.trim_start_matches("http://")));
        self.thread.take().unwrap().join().unwrap();
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<String> {
    let mut request = String::new();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        if line.is_empty() {
            return Some(request);
        }
        request.push_str(&line);
        request.push('\n');
    }
    None
}

fn write(mut stream: &TcpStream, Answer(status, fields, body): &Answer, base: &str) {
    let mut text = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in *fields {
        text.push_str(&format!("{name}: {}\r\n", value.replace("{base}", base)));
    }
    text.push_str("\r\n");
    text.push_str(body);
    stream.write_all(text.as_bytes()).unwrap();
}
