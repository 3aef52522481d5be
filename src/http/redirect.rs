//! Where a redirect may lead. Pure: nothing is followed here.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use reqwest::Url;
use reqwest::header::HeaderMap;

use super::message::{Peer, Request};
use crate::secret::Secret;

/// The most bytes of a `Location`. Servers reject request lines above 8 KiB by default, and each part of the address
/// that may be a secret is searched for in every text that is shown.
const MOST_LOCATION: usize = 16 << 10;

/// Whether a status redirects to the same content elsewhere.
pub(crate) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Why a redirect is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RedirectError {
    /// No `Location`, or two.
    #[error("without exactly one `Location` header")]
    NoLocation,
    /// Longer than any server reads.
    #[error("to an address of more than {MOST_LOCATION} bytes")]
    TooLong,
    /// Not an address.
    #[error("to an invalid address")]
    Malformed,
    /// `file:`, `ftp:`, or `http:` from a host that is not this machine.
    #[error("to `{0}:`, where only `https:` is followed")]
    Scheme(String),
    /// An address inside a network, from a host outside.
    #[error("to `{0}`, which is not a public address")]
    Inside(String),
}

/// Where an answer from `from` leads to: the address without a user name, password or fragment, and its parts that only
/// its recipient should know.
pub(crate) fn target(from: &Url, headers: &HeaderMap) -> Result<(Url, Vec<Secret>), RedirectError> {
    let mut locations = headers.get_all(reqwest::header::LOCATION).iter();
    let location = match (locations.next(), locations.next()) {
        (Some(location), None) => location.to_str().map_err(|_| RedirectError::Malformed)?,
        (_, _) => return Err(RedirectError::NoLocation),
    };
    if location.len() > MOST_LOCATION {
        return Err(RedirectError::TooLong);
    }
    let mut url = from.join(location).map_err(|_| RedirectError::Malformed)?;
    permitted(from, &url)?;
    let secrets = secrets(from, &url);
    // None of the three can fail for an address with a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    Ok((url, secrets))
}

/// The parts of a `Location` that only its recipient should know: a signature, a key, a password. The target's
/// error document may repeat them (S3's `SignatureDoesNotMatch` does). What the asked address holds is no
/// secret: a storage's address often names the digest.
fn secrets(from: &Url, url: &Url) -> Vec<Secret> {
    let mut parts: Vec<String> = url.password().map(str::to_owned).into_iter().collect();
    for pair in url.query().unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let name = name.to_ascii_lowercase();
        // Every output shows digests, so they must not be masked.
        let is_named = ["digest", "sha", "hash"].iter().any(|word| name.contains(word));
        let is_digest = is_digest(value) && (is_named || value.starts_with("sha"));
        if is_opaque(value, 16) && !is_digest {
            parts.push(value.to_owned());
        }
    }
    parts.extend(opaque_segments(url).map(str::to_owned));
    let decoded: Vec<String> = parts.iter().filter_map(|part| percent_decoded(part)).collect();
    parts.extend(decoded);
    parts.retain(|part| !from.as_str().contains(part.as_str()));
    parts.iter().map(|part| Secret::new(part)).collect()
}

/// The address of a request as it may be shown: without a query, and a redirect's without what looks like a
/// key in its path.
pub(crate) fn shown(request: &Request<'_>) -> String {
    let mut url = request.url.clone();
    url.set_query(None);
    let mut shown = url.to_string();
    if matches!(request.peer, Peer::Redirected(_)) {
        for segment in opaque_segments(&url) {
            shown = shown.replace(segment, "***");
        }
    }
    shown
}

fn opaque_segments(url: &Url) -> impl Iterator<Item = &str> {
    let segments = url.path_segments().into_iter().flatten();
    segments.filter(|segment| is_opaque(segment, 32) && !is_digest(segment))
}

/// Whether a text may be a key: long, and mixing letters and digits as no word does. Media types are excluded.
fn is_opaque(text: &str, least: usize) -> bool {
    let has = |what: fn(&u8) -> bool| text.as_bytes().iter().any(what);
    let is_mixed =
        has(u8::is_ascii_digit) || has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let is_type = ["application/", "application%2F", "application%2f"];
    text.len() >= least && is_mixed && !is_type.iter().any(|kind| text.starts_with(kind))
}

/// Whether a text is a digest, with its algorithm or without.
fn is_digest(text: &str) -> bool {
    let hex = text.rsplit([':', '@']).next().unwrap_or(text);
    let hex = hex.rsplit("%3A").next().unwrap_or(hex);
    matches!(hex.len(), 64 | 96 | 128) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `text` with its `%XX` decoded, where it has any and they are UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    (decoded != text).then(|| decoded.into_owned())
}

/// Whether a peer at `from` may send this program on to `url`.
pub(crate) fn permitted(from: &Url, url: &Url) -> Result<(), RedirectError> {
    let from_here = is_local(from);
    match url.scheme() {
        "https" => {}
        "http" if from.scheme() == "http" && from_here && is_local(url) => {}
        other => return Err(RedirectError::Scheme(other.to_owned())),
    }
    if !from_here && !is_inside(from) && is_inside(url) {
        return Err(RedirectError::Inside(url.host_str().unwrap_or_default().to_owned()));
    }
    Ok(())
}

/// Whether an address is on this machine.
pub(crate) fn is_local(url: &Url) -> bool {
    address(url).map_or_else(
        || url.host_str().is_some_and(|host| host == "localhost"),
        |address| address.is_loopback(),
    )
}

/// Whether an address is literally one of a private or special network (RFC 6890).
fn is_inside(url: &Url) -> bool {
    match address(url) {
        None => is_local(url),
        Some(IpAddr::V4(v4)) => {
            v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.octets().starts_with(&[100])
                    && v4.octets().get(1).is_some_and(|second| (64..128).contains(second))
        }
        Some(IpAddr::V6(v6)) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
        }
    }
}

fn address(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let address: IpAddr = host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    // `::ffff:10.0.0.1` reaches the same machine as `10.0.0.1`.
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(from: &str, location: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.append("location", location.parse().unwrap());
        match target(&from.parse().unwrap(), &headers) {
            Ok((url, _)) => url.to_string(),
            Err(error) => format!("a redirect {error}"),
        }
    }

    #[test]
    fn no_address_is_followed_that_no_server_reads() {
        let of = |length: usize| {
            let address = format!("https://cdn.example/{}", "x".repeat(length - 20));
            follow("https://registry.example/v2/a/blobs/sha256:0", &address)
        };
        assert_eq!(of(MOST_LOCATION).len(), MOST_LOCATION);
        assert_eq!(of(MOST_LOCATION + 1), "a redirect to an address of more than 16384 bytes");
    }

    #[test]
    fn each_target_is_judged() {
        let public = "https://registry.digitalocean.com/v2/a/b/blobs/sha256:0";
        let local = "http://127.0.0.1:5000/v2/a/blobs/sha256:0";
        let table = [
            (public, "https://sfo3.digitaloceanspaces.com/x?X-Amz-Signature=1#f"),
            (public, "/other"),
            (public, "https://user:pass@cdn.example/x"),
            (public, "http://cdn.example/x"),
            (public, "file:///etc/passwd"),
            (public, "https://[bad"),
            (public, "https://169.254.169.254/latest"),
            (public, "https://127.0.0.1/x"),
            (public, "https://localhost/x"),
            (public, "https://[::1]/x"),
            (public, "https://[::ffff:10.0.0.1]/x"),
            (public, "https://0.0.0.0/x"),
            (public, "https://0x7f.1/x"),
            (public, "https://10.0.0.1/x"),
            (public, "https://100.64.0.1/x"),
            (public, "https://100.128.0.1/x"),
            (public, "https://8.100.0.1/x"),
            ("https://10.0.0.5/v2/", "https://10.0.0.6/x"),
            ("https://10.0.0.5/v2/", "http://10.0.0.6/x"),
            (local, "http://127.0.0.1:6000/x"),
            (local, "http://localhost:6000/x"),
            (local, "http://cdn.example/x"),
            (local, "https://cdn.example/x"),
        ]
        .map(|(from, location)| format!("{location} -> {}", follow(from, location)))
        .join("\n");
        insta::assert_snapshot!(table, @"
        https://sfo3.digitaloceanspaces.com/x?X-Amz-Signature=1#f -> https://sfo3.digitaloceanspaces.com/x?X-Amz-Signature=1
        /other -> https://registry.digitalocean.com/other
        https://user:pass@cdn.example/x -> https://cdn.example/x
        http://cdn.example/x -> a redirect to `http:`, where only `https:` is followed
        file:///etc/passwd -> a redirect to `file:`, where only `https:` is followed
        https://[bad -> a redirect to an invalid address
        https://169.254.169.254/latest -> a redirect to `169.254.169.254`, which is not a public address
        https://127.0.0.1/x -> a redirect to `127.0.0.1`, which is not a public address
        https://localhost/x -> a redirect to `localhost`, which is not a public address
        https://[::1]/x -> a redirect to `[::1]`, which is not a public address
        https://[::ffff:10.0.0.1]/x -> a redirect to `[::ffff:a00:1]`, which is not a public address
        https://0.0.0.0/x -> a redirect to `0.0.0.0`, which is not a public address
        https://0x7f.1/x -> a redirect to `127.0.0.1`, which is not a public address
        https://10.0.0.1/x -> a redirect to `10.0.0.1`, which is not a public address
        https://100.64.0.1/x -> a redirect to `100.64.0.1`, which is not a public address
        https://100.128.0.1/x -> https://100.128.0.1/x
        https://8.100.0.1/x -> https://8.100.0.1/x
        https://10.0.0.6/x -> https://10.0.0.6/x
        http://10.0.0.6/x -> a redirect to `http:`, where only `https:` is followed
        http://127.0.0.1:6000/x -> http://127.0.0.1:6000/x
        http://localhost:6000/x -> http://localhost:6000/x
        http://cdn.example/x -> a redirect to `http:`, where only `https:` is followed
        https://cdn.example/x -> https://cdn.example/x
        ");
    }

    #[test]
    fn the_keys_of_an_address_are_secrets_and_its_digests_types_and_names_are_not() {
        let digest = "72aa2829510e44d0a4f1e0e8a6b3d5c1d2e3f405162738495a6b7c8d9e0f1a2b";
        let from: Url = format!("https://r.example/v2/team/support-email/blobs/sha256:{digest}")
            .parse()
            .unwrap();
        let location = format!(
            "https://u:hunter2-of-s3@s3.example/{digest}/AF2vzXq9-opaque_segment_0123456789?X-Amz-Signature=\
             {sig}&sig=ab%2Bcd%2Fef0123456789%3D&d={digest}&response-content-type=application%2Fvnd.oci.v1&ns=support-email\
             &digest=sha256:{sig}&X-Amz-Expires=1200",
            sig = digest.replace('7', "8")
        );
        let mut headers = HeaderMap::new();
        headers.append("location", location.parse().unwrap());
        let (_, told) = target(&from, &headers).unwrap();
        let told: Vec<&str> = told.iter().map(Secret::expose).collect();
        insta::assert_snapshot!(told.join("\n"), @"
        hunter2-of-s3
        82aa2829510e44d0a4f1e0e8a6b3d5c1d2e3f405162838495a6b8c8d9e0f1a2b
        ab%2Bcd%2Fef0123456789%3D
        AF2vzXq9-opaque_segment_0123456789
        ab+cd/ef0123456789=
        ");
    }

    #[test]
    fn a_redirect_names_one_target() {
        let from: Url = "https://a.example/".parse().unwrap();
        assert_eq!(target(&from, &HeaderMap::new()), Err(RedirectError::NoLocation));
        let mut two = HeaderMap::new();
        two.append("location", "/a".parse().unwrap());
        two.append("location", "/b".parse().unwrap());
        assert_eq!(target(&from, &two), Err(RedirectError::NoLocation));
    }
}
