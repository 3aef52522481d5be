//! What is asked and what comes back: one request and its answer.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderMap;
use serde::de::IgnoredAny;

use super::pour::Pour;
use crate::secret::Secret;

/// One request: a GET, or the POST of a form.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) url: Url,
    /// What is requested, as in ``the manifest of `latest-dev` ``.
    pub(crate) what: &'a str,
    /// The `Accept` header.
    pub(crate) accept: Option<&'static str>,
    /// The credentials that are sent along.
    pub(crate) authorization: Option<&'a Authorization>,
    /// The form that is posted, already encoded; `None` for a GET.
    pub(crate) form: Option<&'a Secret>,
    /// Who is asked.
    pub(crate) peer: Peer<'a>,
    /// How much of the body is wanted.
    pub(crate) want: Want<'a>,
    /// Whether caches must revalidate (`Cache-Control: no-cache`), because the content may change.
    pub(crate) fresh: bool,
    /// How long to wait.
    pub(crate) patience: Patience,
}

/// An `Authorization` header (RFC 9110).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Authorization {
    /// User name and password, in base64.
    Basic(Secret),
    /// A token.
    Bearer(Secret),
}

impl Authorization {
    /// The scheme's name.
    pub(super) fn scheme(&self) -> &'static str {
        match self {
            Self::Basic(_) => "Basic",
            Self::Bearer(_) => "Bearer",
        }
    }

    /// What is secret of it.
    pub(crate) fn credentials(&self) -> &Secret {
        let (Self::Basic(credentials) | Self::Bearer(credentials)) = self;
        credentials
    }
}

/// Who is asked. Decides which parts of the answer may be quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer<'a> {
    /// A server that issues no credentials.
    Server,
    /// A token server: any field of any answer may be a token, so only its error code and message are quoted.
    TokenServer,
    /// The target of a redirect. Its errors may repeat the signed address, so these parts of it are masked.
    Redirected(&'a [Secret]),
}

/// How much of a successful answer's body is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Want<'a> {
    /// All of it, if it is no longer than this.
    All(usize),
    /// Only how long it is, and how it begins.
    Extent(Extent),
    /// All of it, handed on as it comes.
    Pour(&'a Pour),
}

impl Want<'_> {
    /// Whether a part is requested, as far as the next request goes.
    pub(super) fn is_ranged(self) -> bool {
        match self {
            Self::Extent(extent) => extent.is_ranged,
            Self::All(_) => false,
            Self::Pour(pour) => pour.poured() > 0,
        }
    }
}

/// How a blob is requested to learn whether it is there in its announced size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// The announced size.
    pub(crate) size: u64,
    /// Whether only the last byte is requested, by `Range`.
    pub(crate) is_ranged: bool,
    /// How many bytes may be read of a body that comes whole.
    pub(crate) most: u64,
}

/// How long a body is, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// It ended properly after so many bytes.
    Ended(u64),
    /// The connection was closed after so many bytes, which may be its end or a cut.
    Closed(u64),
    /// Its framing announces so many bytes, and not all of them were read.
    Announced(u64),
    /// More than so many bytes came, no length was announced, and no more were read.
    Beyond(u64),
}

/// How long to wait for an answer.
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
    /// Never one that a retry might change.
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body, bounded.
    pub(crate) body: Vec<u8>,
    /// How long the body is.
    pub(crate) length: Length,
    /// The address that it came from.
    pub(super) url: Url,
}

impl Answer {
    /// A made-up answer, for tests.
    #[cfg(any(test, fuzzing))]
    #[expect(clippy::unwrap_used, reason = "the address is ours")]
    pub(crate) fn for_tests(status: u16, headers: HeaderMap, body: &[u8]) -> Self {
        let url = Url::parse("https://registry.example/").unwrap();
        let length = Length::Ended(body.len() as u64);
        Self { host: host_of(&url), status, headers, body: body.to_vec(), length, url }
    }

    /// The same answer with another body length.
    #[cfg(test)]
    pub(crate) fn of_length(self, length: Length) -> Self {
        Self { length, ..self }
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
    pub(crate) fn may_be_quoted(&self) -> bool {
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

    /// The codings of its body, as they are written. `identity` is none, and neither is an empty header.
    pub(crate) fn codings(&self) -> Vec<String> {
        codings(&self.headers)
    }

    /// Whether it is a text that a registry or something in front of it wrote, and no layer: by its type, by
    /// how it begins, or because the whole of it is JSON. Of a body that was not read whole, its beginning
    /// counts.
    pub(crate) fn is_text(&self) -> bool {
        let kind = self.media_type();
        if kind.starts_with("text/") || ["html", "xml", "json"].iter().any(|is| kind.contains(is)) {
            return true;
        }
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body).trim_ascii_start();
        if body.first() == Some(&b'<') {
            return true;
        }
        match serde_json::from_slice::<IgnoredAny>(body) {
            Ok(IgnoredAny) => true,
            Err(error) => error.is_eof() && !body.is_empty() && !self.is_whole(),
        }
    }

    /// Whether the body is all that came.
    fn is_whole(&self) -> bool {
        match self.length {
            Length::Ended(length) | Length::Closed(length) => length == self.body.len() as u64,
            Length::Announced(_) | Length::Beyond(_) => false,
        }
    }

    /// Whether it is a web page, by its type or by its first character.
    pub(crate) fn is_html(&self) -> bool {
        let first = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        self.media_type().contains("html") || first == Some(&b'<')
    }
}

/// See [`Answer::codings`].
pub(super) fn codings(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all("content-encoding").iter();
    let texts = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let all: Vec<_> = texts.collect();
    let words = all.iter().flat_map(|text| text.split(',')).map(str::trim);
    words
        .filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("identity"))
        .map(str::to_owned)
        .collect()
}

/// The host of an address, with the port where that is not the scheme's own.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
