//! The report page, as a browser's parser would see it.

use verify_registry_image::output::html;

#[path = "../../examples/pages/samples.rs"]
pub(crate) mod samples;

/// The page without its style sheet, in which nothing of a report stands.
fn body(page: &str) -> &str {
    page.split_once("</style>").unwrap().1
}

#[test]
fn what_others_chose_stays_text() {
    let page = html::render(&samples::hostile(), &[]);
    let lower = page.to_lowercase();
    assert!(!lower.contains("<script") && !lower.contains("javascript:"), "a script");
    assert!(!page.contains("<b>`") && page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
    assert!(page.contains("\\u{202e}gnp\\u{7}\\u{1b}[31m"), "hidden characters are shown");
    let hidden: Vec<char> = page
        .chars()
        .filter(|character| *character != '\n')
        .filter(|character| !verify_registry_image::secret::is_printable(*character))
        .collect();
    assert!(hidden.is_empty(), "characters that a reader could not see");
    // Every attribute's value is one that a template wrote: none has come in from outside.
    for tag in body(&page).split('<').skip(1).filter_map(|rest| rest.split_once('>')) {
        assert_eq!(tag.0.matches('"').count() % 2, 0, "{}", tag.0);
        assert!(!tag.0.contains(" on"), "{}", tag.0);
    }
}

#[test]
fn a_page_asks_for_nothing_from_outside() {
    let reports = [samples::green(), samples::red(), samples::undecided(), samples::forty()];
    for report in reports {
        let page = html::render(&report, &[]);
        let policy = "default-src 'none'; style-src 'unsafe-inline'";
        assert!(page.contains(&format!("content=\"{policy}\"")));
        for loading in ["src=", "<link", "@import", "url(", "<iframe", "<img", "<form", "srcset"] {
            assert!(!page.contains(loading), "{loading}");
        }
        for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(link.starts_with('#') || link.starts_with("https://"), "{link}");
        }
    }
}

#[test]
fn no_template_leaves_a_text_unescaped() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut looked_at = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let template = std::fs::read_to_string(&path).unwrap().replace(' ', "");
        assert!(
            !template.contains("|safe") && !template.contains("|escape("),
            "{}",
            path.display()
        );
        looked_at += 1;
    }
    assert_eq!(looked_at, 3);
}

#[test]
fn the_verdict_is_first_and_each_page_has_its_own() {
    let first = |report| {
        let page = html::render(&report, &[]);
        let title = page.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        let text = text_of(body(&page));
        format!("{title}\n{}", text.lines().take(4).collect::<Vec<_>>().join("\n"))
    };
    insta::assert_snapshot!(first(samples::green()), @r"
    VERIFIED: support-email:latest-dev for development
    ✓ VERIFIED GREEN
    support-email:latest-dev for development
    The image is in the registry, whole, and every check that applies to it passed.
    Pipeline job in CircleCI
    ");
    insta::assert_snapshot!(first(samples::red()), @r"
    FAILED: support-email:latest-dev for development
    ✗ FAILED RED
    support-email:latest-dev for development
    The registry answered: the image is missing, broken, or not the one that was meant. Do not deploy it.
    Pipeline job in CircleCI
    ");
    insta::assert_snapshot!(first(samples::undecided()), @r"
    UNDECIDED: support-email:latest-dev for development
    ? UNDECIDED
    support-email:latest-dev for development
    It could not be found out. Nothing is known to be wrong, and nothing is confirmed.
    Pipeline job in CircleCI
    ");
    insta::assert_snapshot!(first(samples::forty()), @r"
    FAILED: 3 of 40 images need attention
    ✗ FAILED RED
    3 of 40 images need attention
    The registry answered: at least one image is missing, broken, or not the one that was meant. Do not deploy it.
    ✓ 37 verified
    ");
}

#[test]
fn a_red_page_says_what_was_expected_and_observed_and_what_to_do() {
    let page = html::render(&samples::red(), &[]);
    let text = text_of(body(&page));
    let part = text.split("manifest-intact").next().unwrap().trim();
    insta::assert_snapshot!(part, @"
    ✗ FAILED RED
    support-email:latest-dev for development
    The registry answered: the image is missing, broken, or not the one that was meant. Do not deploy it.
    Pipeline job in CircleCI
    Commit 3f1c9d2
    The image
    registry.digitalocean.com/keepkey/support-email:latest-dev
    ✗ the registry has no tag latest-dev
    tag-exists failed, reason tag-missing
    Expected
    registry.digitalocean.com/keepkey/support-email:latest-dev
    Observed
    404 `MANIFEST_UNKNOWN`
    What to do next
    near tags: latest-main, 3f1c9d2a7b60e5841f2d3c4b5a69788796a5b4c3-main
    1. look whether the push job is in this workflow
    2. if it failed, mend it; its log is linked from the pipeline
    3. if there was none, start a pipeline on develop
    Declared, not observed
    Port
    5001
    Ingress
    none, inside the cluster only
    Runtime
    nodejs on alpine
    Environment variables
    LOG_LEVEL=info
    NODE_ENV=production
    PORT=5001
    Checks
    Check
    Outcome
    What was seen
    Time
    registry-honest
    ✓ passed
    the registry denies a tag that cannot exist
    96 ms
    repository-exists
    ✓ passed
    the registry serves the repository
    tag-exists
    ✗ failed
    the registry has no tag latest-devexpected registry.digitalocean.com/keepkey/support-email:latest-devobserved 404 `MANIFEST_UNKNOWN`
    212 ms
    ");
}

#[test]
fn what_was_declared_is_kept_apart_from_what_was_seen() {
    let page = html::render(&samples::green(), &[]);
    let text = text_of(body(&page));
    let part = text.split("Seen in the registry").nth(1).unwrap();
    let part = part.split("Checks\n").next().unwrap().trim();
    insta::assert_snapshot!(part, @"
    Digest
    sha256:affd86a75e820992832d55a105ff5273da83cf4e6c2be415b52b028ec7fd084b
    Pinned reference
    registry.digitalocean.com/keepkey/support-email@sha256:affd86a75e820992832d55a105ff5273da83cf4e6c2be415b52b028ec7fd084b
    Which commit
    the one that was meant, by the revision label and the immutable tag
    Immutable tag
    3f1c9d2a7b60e5841f2d3c4b5a69788796a5b4c3-dev
    Media type
    application/vnd.oci.image.index.v1+json
    Platform
    linux/amd64: 55.5 MiB in 9 layers
    manifest sha256:31ef755c39804201957733974bfae4ad6058c2fcc9a41fa7dd0855bfcbe0788c
    built from commit 3f1c9d2a7b60e5841f2d3c4b5a69788796a5b4c3
    created 2026-03-02T17:51:40Z
    exposes 5001/tcp
    Attestations, not verified
    provenance of linux/amd64: sha256:cbec4331625653fe3d5c2ef45fbeee0a17fe053dddc0612f88fb8a9e4284061b
    Tag answered
    2026-03-02 17:58:05 UTC
    Declared, not observed
    Port
    5001
    Ingress
    none, inside the cluster only
    Runtime
    nodejs on alpine
    Environment variables
    LOG_LEVEL=info
    NODE_ENV=production
    PORT=5001
    ");
}

#[test]
fn forty_services_fit_one_list_and_what_needs_attention_is_first() {
    let page = html::render(&samples::forty(), &[]);
    let glance = page.split("<ul class=\"glance\">").nth(1).unwrap();
    let glance = text_of(glance.split("</ul>").next().unwrap());
    assert_eq!(page.matches("<details").count(), 40);
    assert_eq!(page.matches(" open>").count(), 3, "only what needs attention is open");
    let first: Vec<&str> = glance.lines().take(12).collect();
    insta::assert_snapshot!(first.join("\n"), @r"
    ✗
    price-feed
    development FAILED: revision-differs
    ✗
    webhooks
    production FAILED: tag-missing
    ?
    swap-router
    production UNDECIDED: server-error
    ✓
    support-email
    development VERIFIED
    ");
}

/// `make page-check` looks at it in a real browser.
#[test]
fn what_is_folded_on_the_screen_is_printed_too() {
    let page = html::render(&samples::forty(), &[]);
    let print = page.split("@media print").nth(1).unwrap();
    assert!(print.contains("details::details-content { content-visibility: visible;"), "{print}");
}

#[test]
fn a_page_is_the_same_for_the_same_report() {
    assert_eq!(html::render(&samples::forty(), &[]), html::render(&samples::forty(), &[]));
}

/// The text of some HTML, a line a block.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        let (tag, words) = piece.split_once('>').unwrap_or(("", piece));
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        if !matches!(name, "" | "code" | "b" | "span") {
            text.push('\n');
        }
        text.push_str(words);
    }
    for (escaped, character) in
        [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
    {
        text = text.replace(escaped, character);
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}
