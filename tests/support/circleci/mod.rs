//! A stand-in of CircleCI's API v2 on loopback: one project with its pipelines, workflows and jobs.
//!
//! It is a test double of the service, honest until a test tells it to lie ([`CircleCi::lie`]). It knows nothing of the
//! program that is tested; what it answers and is asked is compared with CircleCI's own description in
//! `tests/it/diagnose/openapi.rs`.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::allow_attributes,
    reason = "each program that shares it uses a part; a double that cannot do its work ends the test"
)]

mod answers;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};

pub use answers::{World, job, pipeline, uuid, workflow};

/// The token that it takes: made up.
pub const TOKEN: &str =
    concat!("CCIPAT_", "Xk3v8Qz1Lm5Nn7Rr9Ss2Tt4Uu6Ww8Yy0_0a1b2c3d4e5f60718293a4b5c6d7e8f9");

/// A running stand-in. Dropped is stopped.
pub struct CircleCi {
    origin: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    origin: String,
    world: World,
    lies: Mutex<Vec<Rule>>,
    log: Mutex<Vec<Asked>>,
    stopped: AtomicBool,
}

/// One request, and what was answered.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query as they were sent.
    pub target: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// The status; `None` where the connection was ended instead.
    pub status: Option<u16>,
    /// The answer's body.
    pub answer: String,
    /// Whether it was answered as the service would.
    pub is_honest: bool,
}

impl Asked {
    /// `GET /api/v2/…`, for a snapshot.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What is sent in place of an honest answer.
#[derive(Clone, Debug)]
pub enum Lie {
    /// This status, these headers and this body.
    Answer(u16, Vec<(String, String)>, String),
    /// The connection is closed.
    Close,
    /// Nothing, until the client goes.
    Hang,
    /// An honest answer, and nobody listens from then on.
    Leave,
}

impl Lie {
    /// An error as the API words it.
    pub fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), json!({ "message": "Something is wrong." }).to_string())
    }

    /// The same with a header.
    pub fn with_header(status: u16, name: &str, value: &str) -> Self {
        let body = json!({ "message": "Something is wrong." }).to_string();
        Self::Answer(status, vec![(name.to_owned(), value.to_owned())], body)
    }

    /// A web page.
    pub fn page(status: u16) -> Self {
        let header = ("content-type".to_owned(), "text/html".to_owned());
        Self::Answer(status, vec![header], "<!doctype html><title>Log in</title>".to_owned())
    }
}

struct Rule {
    /// What the line of the request must hold.
    part: String,
    times: usize,
    lie: Lie,
}

impl CircleCi {
    /// Starts it.
    pub fn start(world: World) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            origin: origin.clone(),
            world,
            lies: Mutex::default(),
            log: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if of_thread.stopped.load(Ordering::Acquire) {
                    return;
                }
                let shared = Arc::clone(&of_thread);
                std::thread::spawn(move || drop(shared.serve(stream)));
            }
        });
        Self { origin, shared, thread: Some(thread) }
    }

    /// Its address: `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// From now on, lies to so many requests whose `METHOD /path?query` holds `part`.
    pub fn lie(&self, part: &str, times: usize, lie: Lie) {
        let mut lies = self.shared.lies.lock().expect("no panic while held");
        lies.push(Rule { part: part.to_owned(), times, lie });
    }

    /// What it was asked, in order.
    pub fn log(&self) -> Vec<Asked> {
        self.shared.log.lock().expect("no panic while held").clone()
    }

    /// The requests as lines.
    pub fn asked(&self) -> Vec<String> {
        self.log().iter().map(Asked::line).collect()
    }
}

impl Drop for CircleCi {
    fn drop(&mut self) {
        self.shared.leave();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let mut words = first.split_whitespace();
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default().to_owned();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length: u64 = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
        let mut body = String::new();
        reader.take(length).read_to_string(&mut body)?;
        let asked = Asked {
            method,
            target,
            headers,
            body,
            status: None,
            answer: String::new(),
            is_honest: false,
        };
        self.answer(asked, stream)
    }

    fn answer(&self, mut asked: Asked, mut stream: TcpStream) -> std::io::Result<()> {
        let told = self.told(&asked.line());
        let (status, headers, body) = match told.clone() {
            Some(Lie::Close) => {
                self.log.lock().expect("no panic while held").push(asked);
                return Ok(());
            }
            Some(Lie::Hang) => {
                self.log.lock().expect("no panic while held").push(asked);
                // Until the client hangs up.
                let _ = stream.read(&mut [0; 1]);
                return Ok(());
            }
            Some(Lie::Answer(status, headers, body)) => (status, headers, body),
            Some(Lie::Leave) | None => {
                if told.is_some() {
                    // The listener is gone when its thread has seen it, and the answer must not come before.
                    while self.leave() {}
                }
                asked.is_honest = true;
                let (status, body) = self.honest(&asked);
                (status, Vec::new(), body.to_string())
            }
        };
        asked.status = Some(status);
        asked.answer.clone_from(&body);
        self.log.lock().expect("no panic while held").push(asked);
        let mut head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| name == "content-type") {
            head.push_str("content-type: application/json;charset=utf-8\r\n");
        }
        for (name, value) in headers {
            head.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
        }
        stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes())
    }

    /// Wakes the thread that listens, so that it ends. Whether somebody still listened.
    fn leave(&self) -> bool {
        self.stopped.store(true, Ordering::Release);
        TcpStream::connect(self.origin.trim_start_matches("http://")).is_ok()
    }

    fn told(&self, line: &str) -> Option<Lie> {
        let mut lies = self.lies.lock().expect("no panic while held");
        let rule = lies.iter_mut().find(|rule| rule.times > 0 && line.contains(&rule.part))?;
        rule.times -= 1;
        Some(rule.lie.clone())
    }

    fn honest(&self, asked: &Asked) -> (u16, Value) {
        if asked.header("circle-token") != Some(TOKEN) {
            return (401, json!({ "message": "You must log in first." }));
        }
        let found = match asked.method.as_str() {
            "GET" => self.world.get(&asked.target).map(|body| (200, body)),
            "POST" => self.world.post(&asked.target, asked),
            _ => None,
        };
        found.unwrap_or_else(|| (404, json!({ "message": "Not found" })))
    }
}
