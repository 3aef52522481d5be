//! What is asked and what comes back: one request and its answer.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderMap;

use crate::secret::Secret;

/// One request: a GET, or the POST of a form.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    /// The address.
    pub(crate) url: Url,
    /// What is asked for, as in ``the manifest of `latest-dev` ``.
    pub(crate) what: &'a str,
    /// The `Accept` header.
    pub(crate) accept: Option<&'static str>,
    /// The whole `Authorization` header.
    pub(crate) authorization: Option<&'a Secret>,
    /// The form that is posted, already encoded; `None` for a GET.
    pub(crate) form: Option<&'a Secret>,
    /// Who is asked.
    pub(crate) peer: Peer<'a>,
    /// How much of the body is wanted.
    pub(crate) want: Want,
    /// Whether caches in between must ask again (`Cache-Control: no-cache`): what is requested may change.
    pub(crate) fresh: bool,
    /// How long it is worth waiting.
    pub(crate) patience: Patience,
}

/// Who is asked, which decides what of the answer may be quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer<'a> {
    /// A server that hands out no credentials.
    Server,
    /// A token server: any field of any answer may be a token, so only its error code and message are quoted.
    TokenServer,
    /// The target of a redirect. Its errors may repeat the signed address, so these parts of it are masked.
    Redirected(&'a [Secret]),
}

/// How much of a successful answer's body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// All of it, if it is no longer than this.
    All(usize),
    /// The last one of so many bytes, asked for by `Range`.
    LastByte(u64),
}

/// How long a request is worth waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As long as the deadline allows, with retries.
    Full,
    /// One try, ended after this long.
    Once(Duration),
}

/// An answer whose body has arrived whole, as far as it was wanted.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The host that gave it, with the port where that is not the scheme's own.
    pub(crate) host: String,
    /// The status. Never one that a retry might change.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body, bounded.
    pub(crate) body: Vec<u8>,
    /// The address that it came from.
    pub(super) url: Url,
}

impl Answer {
    /// An answer that nobody gave, for tests of what answers mean.
    #[cfg(any(test, fuzzing))]
    #[expect(clippy::unwrap_used, reason = "the address is ours")]
    pub(crate) fn for_tests(status: u16, headers: HeaderMap, body: &[u8]) -> Self {
        let url = Url::parse("https://registry.example/").unwrap();
        Self { host: host_of(&url), status, headers, body: body.to_vec(), url }
    }

    /// The address that it came from.
    pub(crate) fn address(&self) -> &Url {
        &self.url
    }

    /// The origin that it came from, as an address.
    pub(crate) fn origin(&self) -> Url {
        let mut url = self.url.clone();
        url.set_path("/");
        url.set_query(None);
        url
    }

    /// Whether any of its text may be shown in a message: everything but the bytes of a blob.
    pub(super) fn may_be_quoted(&self) -> bool {
        let kind = self.media_type();
        !(200..300).contains(&self.status)
            || self.is_html()
            || kind.starts_with("text/")
            || kind.ends_with("xml")
            || kind.ends_with("json")
    }

    /// A header's value, where it is there once and printable.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }

    /// The media type without its parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Whether its text is a web page, by its type or by how it begins. An error document in XML is none.
    pub(crate) fn is_page(&self) -> bool {
        let text = String::from_utf8_lossy(&self.body);
        let start: String = text.trim_start().chars().take(14).collect();
        let start = start.to_ascii_lowercase();
        let begins = ["<!doctype html", "<html", "<head", "<body"];
        self.media_type().contains("html") || begins.iter().any(|begin| start.starts_with(begin))
    }

    /// Whether its body is coded, so that its length is not the content's.
    pub(crate) fn is_coded(&self) -> bool {
        self.headers
            .get_all("content-encoding")
            .iter()
            .any(|coding| !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
    }

    /// Whether an engine would unpack the body on its way in: Go's client does so with `gzip` and no other coding.
    pub(crate) fn is_unpacked(&self) -> bool {
        let first = self.headers.get_all("content-encoding").iter().next();
        first.is_some_and(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"gzip"))
    }

    /// Whether it is a web page, by its type or by its first character.
    pub(crate) fn is_html(&self) -> bool {
        let first = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        self.media_type().contains("html") || first == Some(&b'<')
    }
}

/// The host of an address, with the port where that is not the scheme's own.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
