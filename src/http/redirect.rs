//! Where a redirect may lead. Pure: nothing is followed here.

use std::net::IpAddr;

use reqwest::Url;
use reqwest::header::HeaderMap;

/// Whether a status asks to look elsewhere for the same content.
pub(crate) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Why a redirect is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RedirectError {
    /// No `Location`, or two.
    #[error("without one `Location`")]
    NoLocation,
    /// Not an address.
    #[error("to something that is no address")]
    Malformed,
    /// `file:`, `ftp:`, or `http:` from a host that is not this machine.
    #[error("to `{0}:`, where only `https:` is followed")]
    Scheme(String),
    /// An address inside a network, from a host outside.
    #[error("to `{0}`, an address that is not on the internet")]
    Inside(String),
}

/// The address that an answer from `from` leads to, without a user name, password or fragment.
pub(crate) fn target(from: &Url, headers: &HeaderMap) -> Result<Url, RedirectError> {
    let mut locations = headers.get_all(reqwest::header::LOCATION).iter();
    let location = match (locations.next(), locations.next()) {
        (Some(location), None) => location.to_str().map_err(|_| RedirectError::Malformed)?,
        (_, _) => return Err(RedirectError::NoLocation),
    };
    let mut url = from.join(location).map_err(|_| RedirectError::Malformed)?;
    permitted(from, &url)?;
    // None of the three can fail for an address with a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    Ok(url)
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

/// Whether an address is written as one that only exists inside a network (RFC 6890).
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
            Ok(url) => url.to_string(),
            Err(error) => format!("a redirect {error}"),
        }
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
        https://[bad -> a redirect to something that is no address
        https://169.254.169.254/latest -> a redirect to `169.254.169.254`, an address that is not on the internet
        https://127.0.0.1/x -> a redirect to `127.0.0.1`, an address that is not on the internet
        https://localhost/x -> a redirect to `localhost`, an address that is not on the internet
        https://[::1]/x -> a redirect to `[::1]`, an address that is not on the internet
        https://[::ffff:10.0.0.1]/x -> a redirect to `[::ffff:a00:1]`, an address that is not on the internet
        https://0.0.0.0/x -> a redirect to `0.0.0.0`, an address that is not on the internet
        https://0x7f.1/x -> a redirect to `127.0.0.1`, an address that is not on the internet
        https://10.0.0.1/x -> a redirect to `10.0.0.1`, an address that is not on the internet
        https://100.64.0.1/x -> a redirect to `100.64.0.1`, an address that is not on the internet
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
    fn a_redirect_names_one_target() {
        let from: Url = "https://a.example/".parse().unwrap();
        assert_eq!(target(&from, &HeaderMap::new()), Err(RedirectError::NoLocation));
        let mut two = HeaderMap::new();
        two.append("location", "/a".parse().unwrap());
        two.append("location", "/b".parse().unwrap());
        assert_eq!(target(&from, &two), Err(RedirectError::NoLocation));
    }
}
