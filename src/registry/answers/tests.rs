use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;

const CONFIG: &str = r#"{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}]}"#;
const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    Answer::for_tests(status, map, body.as_bytes())
}

fn told<T>(fact: Fact<T>, show: impl Fn(T) -> String) -> String {
    match fact {
        Fact::Present(value) => format!("present {}", show(value)),
        Fact::Absent(Denial { reason, said }) => format!("absent  {reason}: {said}"),
        Fact::Unknown(Unavailable { reason, message, .. }) => {
            format!("unknown {reason}: {message}")
        }
    }
}

fn of_tag(answer: Answer) -> String {
    let redactor = Redactor::default();
    match manifest(answer, "it", None, false, &redactor) {
        Sent::Told(fact) => told(fact, |resolved| resolved.digest.short()),
        Sent::Wrong(wrong) => told_wrong(&wrong),
    }
}

fn told_wrong(wrong: &Wrong) -> String {
    let kind = if wrong.is_of_kind { "wrong" } else { "other" };
    format!("{kind}   {}: {}", wrong.why.reason, wrong.why.message)
}

#[test]
#[expect(clippy::too_many_lines, reason = "the table is shown whole")]
fn what_each_answer_to_a_tag_means() {
    let json = [("content-type", "application/json")];
    let registry =
        [("content-type", "text/plain"), ("docker-distribution-api-version", "registry/2.0")];
    let table = [
        answer(200, &[("content-type", OCI)], CONFIG),
        answer(200, &[("content-type", "text/html; charset=utf-8")], "<html>Log in</html>"),
        answer(200, &[("content-type", OCI)], "<html>Log in</html>"),
        answer(200, &[("content-type", "application/json")], CONFIG),
        answer(200, &[("content-type", OCI)], ""),
        answer(204, &[], ""),
        answer(206, &[("content-type", OCI)], CONFIG),
        answer(304, &[], ""),
        answer(302, &[("location", "https://login.example/")], ""),
        answer(401, &json, r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#),
        answer(403, &json, r#"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"#),
        answer(404, &json, r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#),
        answer(404, &json, r#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}"#),
        answer(404, &json, r#"{"errors":[{"code":"NOT_FOUND","message":"artifact a/b:c not found"}]}"#),
        answer(403, &[("content-type", "text/html")], "<html>Blocked</html>"),
        answer(404, &json, r#"{"errors":[{"code":"BLOB_UNKNOWN"}]}"#),
        answer(404, &json, r#"{"errors":[{"code":"TAG_EXPIRED","detail":{},"message":"the tag is past its end date"}]}"#),
        answer(404, &json, r#"{"errors":[{"code":"NAME_INVALID"}]}"#),
        answer(404, &json, r#"{"errors":[{"code":"not_found","message":"whatever"}]}"#),
        answer(404, &json, r#"{"errors":[{"code":"ROUTE_UNKNOWN","message":"Your request could not be routed."}]}"#),
        answer(404, &[("content-type", "text/plain")], "response 404 (backend NotFound), service rules for the path non-existent"),
        answer(404, &json, r#"{"message":"no Route matched with those values"}"#),
        answer(404, &json, r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#),
        answer(404, &registry, ""),
        answer(404, &[("content-type", "text/html"), ("docker-distribution-api-version", "registry/2.0")], "<h1>404</h1>"),
        answer(404, &[("content-type", "text/html")], "<html>Not Found</html>"),
        answer(404, &[("content-type", "text/plain")], "default backend - 404"),
        answer(404, &[("content-type", "text/plain")], "404 page not found\n"),
        answer(404, &json, r#"{"id":"not_found","message":"Your request could not be routed."}"#),
        answer(404, &[("x-response-from", "Edge-Gateway")], ""),
        answer(404, &[], ""),
        answer(404, &json, r#"{"id":"not_found","message":"whatever"}"#),
        answer(418, &[], "\u{1b}[31mteapot"),
        answer(501, &[], ""),
    ]
    .map(|answer| (answer.status, of_tag(answer)))
    .map(|(status, said)| format!("{status} -> {said}"));
    insta::assert_snapshot!(table.join("\n"), @r#"
    200 -> present sha256:43835b6afe77
    200 -> unknown unexpected-answer: it: `registry.example` answered with a web page: 200 (`text/html`): `<html>Log in</html>`
    200 -> unknown unexpected-answer: it: `registry.example` answered with a web page: 200 (`application/vnd.oci.image.manifest.v1+json`): `<html>Log in</html>`
    200 -> unknown unexpected-answer: it: what `registry.example` sent has media type `application/json`, which is not an image manifest; it begins with `{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+js…`
    200 -> unknown unexpected-answer: it: what `registry.example` sent is not a valid manifest: EOF while parsing a value at line 1 column 0; it is empty
    204 -> unknown unexpected-answer: it: `registry.example` answered 204 (no content type, no text)
    206 -> unknown unexpected-answer: it: `registry.example` answered 206 (`application/vnd.oci.image.manifest.v1+json`): `{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":…`
    304 -> unknown unexpected-answer: it: `registry.example` answered 304 (no content type, no text)
    302 -> unknown redirect-refused: it: `registry.example` answered 302 (no content type, no text); a redirect is followed for configs and layers only
    401 -> unknown credentials-refused: it: `registry.example` refused the credentials: 401 `UNAUTHORIZED` `authentication required`
    403 -> unknown credentials-refused: it: `registry.example` refused the credentials: 403 `DENIED` `requested access to the resource is denied`
    404 -> absent  tag-missing: 404 `MANIFEST_UNKNOWN` `manifest unknown`
    404 -> absent  repository-missing: 404 `NAME_UNKNOWN` `repository name not known to registry`
    404 -> absent  tag-missing: 404 `NOT_FOUND` `artifact a/b:c not found`
    403 -> unknown unexpected-answer: it: `registry.example` answered 403 (`text/html`): `<html>Blocked</html>`; a web page is not a refusal of credentials
    404 -> absent  tag-missing: 404 `BLOB_UNKNOWN`
    404 -> absent  tag-missing: 404 `TAG_EXPIRED` `the tag is past its end date`
    404 -> unknown not-found-bare: it: `registry.example` answered 404 `NAME_INVALID`
    404 -> unknown not-found-bare: it: `registry.example` answered 404 `not_found` `whatever`
    404 -> unknown not-found-unclear: it: `registry.example` answered 404 `ROUTE_UNKNOWN` `Your request could not be routed.`
    404 -> unknown not-found-unclear: it: `registry.example` answered 404 (`text/plain`): `response 404 (backend NotFound), service rules for the path non-existent`
    404 -> unknown not-found-unclear: it: `registry.example` answered 404 (`application/json`): `{"message":"no Route matched with those values"}`
    404 -> unknown not-found-unclear: it: `registry.example` answered 404 `UNAUTHORIZED`
    404 -> absent  tag-missing: 404 (`text/plain`, no text)
    404 -> unknown not-found-unclear: it: `registry.example` answered 404 (`text/html`): `<h1>404</h1>`
    404 -> unknown not-found-unclear: it: `registry.example` answered 404 (`text/html`): `<html>Not Found</html>`
    404 -> unknown not-found-unclear: it: `registry.example` answered 404 (`text/plain`): `default backend - 404`
    404 -> unknown not-found-unclear: it: `registry.example` answered 404 (`text/plain`): `404 page not found`
    404 -> unknown not-found-unclear: it: `registry.example` answered 404 `not_found` `Your request could not be routed.`
    404 -> unknown not-found-unclear: it: `registry.example` answered 404 (no content type, no text)
    404 -> unknown not-found-bare: it: `registry.example` answered 404 (no content type, no text)
    404 -> unknown not-found-bare: it: `registry.example` answered 404 `not_found` `whatever`
    418 -> unknown unexpected-answer: it: `registry.example` answered 418 (no content type): `[31mteapot`
    501 -> unknown unexpected-answer: it: `registry.example` answered 501 (no content type, no text)
    "#);
}

#[test]
fn the_digest_header_must_be_one_and_true() {
    let other = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    let own = Digest::of(Algorithm::Sha256, CONFIG.as_bytes()).to_string();
    let longer = Digest::of(Algorithm::Sha512, CONFIG.as_bytes()).to_string();
    let of = |digests: &[&str]| {
        let mut headers = vec![("content-type", OCI)];
        headers.extend(digests.iter().map(|digest| ("docker-content-digest", *digest)));
        of_tag(answer(200, &headers, CONFIG))
    };
    let table = [
        of(&[]),
        of(&[&own]),
        of(&[&longer]),
        of(&[other]),
        of(&[""]),
        of(&["sha256:../../x"]),
        of(&[&own.to_uppercase()]),
        of(&[&own, &own]),
    ];
    insta::assert_snapshot!(table.join("\n"), @"
    present sha256:43835b6afe77
    present sha256:43835b6afe77
    present sha512:8cd49ffdee47
    wrong   manifest-contradictory: it: `registry.example` sent bytes that hash to `sha256:43835b6afe770342aaf4d96e2a510d46adaca0d954d1ee39b6a297d0557a9fd9` under the digest `sha256:0000000000000000000000000000000000000000000000000000000000000000`
    unknown manifest-contradictory: it: `registry.example` sent a malformed `Docker-Content-Digest` (``)
    unknown manifest-contradictory: it: `registry.example` sent a malformed `Docker-Content-Digest` (`sha256:../../x`)
    unknown manifest-contradictory: it: `registry.example` sent a malformed `Docker-Content-Digest` (`SHA256:43835B6AFE770342AAF4D96E2A510D46ADACA0D954D1EE39B6A297D0557A9FD9`)
    unknown manifest-contradictory: it: `registry.example` sent two `Docker-Content-Digest` headers
    ");
}
