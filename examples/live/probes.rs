//! The questions: to the token endpoint, to the registry, to its storage, to the API. All of them read only.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Url;
use serde_json::Value;

use verify_registry_image::oci::MediaType;
use verify_registry_image::secret::Secret;

use crate::ask::{Answer, Ask, Asker, Kind, address, tokens};
use crate::shape;

/// A repository, a tag and a registry that nobody has.
pub(crate) const IMPOSSIBLE: &str = "verify-registry-image-live-asks-for-nothing";
/// A token in the form of a real one that nobody has, in parts so that no scanner takes it for a leak.
const NOBODYS: &str =
    concat!("dop_v1_", "0000000000000000000000000000000000000000000000000000000000000000");

/// Whom is asked, and for what.
pub(crate) struct Probes {
    pub(crate) asker: Asker,
    pub(crate) api: Url,
    pub(crate) registry_host: Url,
    pub(crate) token: Secret,
    pub(crate) registry: String,
    pub(crate) repository: String,
    pub(crate) tag: String,
    /// Where the lines go.
    pub(crate) out: Box<dyn Fn(&str)>,
}

impl Probes {
    /// Asks everything. A question without an answer is told as one.
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        let (pass, missing) = self.tokens().await?;
        let manifest = self.registry(&pass, missing.as_ref()).await?;
        self.blobs(&pass, &manifest).await?;
        self.api().await
    }

    async fn ask(&self, ask: Ask<'_>) -> Option<Answer> {
        (self.out)(&self.asker.question(&ask));
        match self.asker.get(&ask).await {
            Ok(answer) => {
                (self.out)(&self.asker.told(&ask, &answer));
                Some(answer)
            }
            Err(error) => {
                let said = self.asker.redactor().line(&format!("{error:#}"), 300);
                (self.out)(&format!("  no answer: {said}\n"));
                None
            }
        }
    }

    /// The token endpoint. Returns two tokens: for the repository, and for one that does not exist.
    async fn tokens(&self) -> anyhow::Result<(Secret, Option<Secret>)> {
        let base = address(&self.registry_host, &["v2", ""], &[])?;
        self.ask(Ask::new("The registry's challenge", base)).await;
        let mine = self.basic(self.token.expose());
        let own = [self.registry.as_str(), &self.repository];
        let missing = [self.registry.as_str(), IMPOSSIBLE];
        let granted = self.token_for("A token for the repository", own, &mine).await?;
        let title = "A token for a repository that does not exist";
        let for_missing = self.token_for(title, missing, &mine).await?;
        let foreign = [IMPOSSIBLE; 2];
        self.token_for("A token for a registry that is not ours", foreign, &mine).await?;
        let nobody = self.basic(NOBODYS);
        self.token_for("A token, asked for with credentials that nobody has", own, &nobody).await?;
        Ok((granted.context("without a token the registry cannot be asked")?, for_missing))
    }

    fn basic(&self, token: &str) -> Secret {
        let encoded = Secret::new(&STANDARD.encode(format!("{token}:{token}")));
        self.asker.redactor().hide(&encoded);
        Secret::new(&format!("Basic {}", encoded.expose()))
    }

    /// Asks for a token, and returns it as a header.
    async fn token_for(
        &self,
        title: &str,
        [registry, repository]: [&str; 2],
        basic: &Secret,
    ) -> anyhow::Result<Option<Secret>> {
        let scope = format!("repository:{registry}/{repository}:pull");
        let query = [("service", "registry.digitalocean.com"), ("scope", &scope)];
        let url = address(&self.api, &["v2", "registry", "auth"], &query)?;
        let answer = self.ask(Ask::new(title, url).with(basic, "name and password")).await;
        let token = answer.and_then(|answer| tokens(&answer.body).into_iter().next());
        Ok(token.map(|token| {
            (self.out)(&format!("  {}\n", claims(token.expose())));
            Secret::new(&format!("Bearer {}", token.expose()))
        }))
    }

    /// The registry's manifests and lists. Returns the image's manifest.
    async fn registry(&self, pass: &Secret, missing: Option<&Secret>) -> anyhow::Result<Value> {
        let name = format!("{}/{}", self.registry, self.repository);
        let own: Vec<&str> = name.split('/').collect();
        let not_there = [self.registry.as_str(), IMPOSSIBLE];
        let at = |name: &[&str], rest: &[&str], query: &[(&str, &str)]| {
            address(&self.registry_host, &[&["v2"], name, rest].concat(), query)
        };
        let with = |title, url, pass| {
            self.ask(Ask::new(title, url).with(pass, "the token").accept(MediaType::ACCEPT))
        };
        let ask = |title, url| with(title, url, pass);
        let manifest = ask("The manifest", at(&own, &["manifests", &self.tag], &[])?).await;
        let url = at(&own, &["manifests", IMPOSSIBLE], &[])?;
        ask("The manifest of a tag that does not exist", url).await;
        let url = at(&not_there, &["manifests", &self.tag], &[])?;
        if let Some(missing) = missing {
            with("The manifest of a repository that does not exist", url.clone(), missing).await;
        }
        ask("The same, with the token of another repository", url).await;
        let zeros = format!("sha256:{}", "0".repeat(64));
        ask("A blob that does not exist", at(&own, &["blobs", &zeros], &[])?).await;
        ask("The tag list, one entry", at(&own, &["tags", "list"], &[("n", "1")])?).await;
        if let Some(digest) = manifest.as_ref().and_then(Answer::digest) {
            ask("The referrers", at(&own, &["referrers", digest], &[])?).await;
        }
        let manifest = manifest.context("without the manifest there is no more to ask for")?.json();
        let Some(first) = manifest.pointer("/manifests/0/digest").and_then(Value::as_str) else {
            return Ok(manifest);
        };
        let url = at(&own, &["manifests", first], &[])?;
        let child = ask("The first image of the index", url).await;
        Ok(child.map(|answer| answer.json()).unwrap_or_default())
    }

    /// Config and first layer, at the registry and at its storage.
    async fn blobs(&self, pass: &Secret, manifest: &Value) -> anyhow::Result<()> {
        for (title, at_storage, pointer, first_byte) in [
            ("The config", "The config, at the storage", "/config/digest", false),
            ("A layer", "The layer, at the storage", "/layers/0/digest", true),
        ] {
            let Some(digest) = manifest.pointer(pointer).and_then(Value::as_str) else { continue };
            let name = format!("{}/{}", self.registry, self.repository);
            let parts: Vec<&str> =
                ["v2"].into_iter().chain(name.split('/')).chain(["blobs", digest]).collect();
            let url = address(&self.registry_host, &parts, &[])?;
            let ask = Ask::new(title, url.clone()).with(pass, "the token");
            let answer = self.ask(ask.part(Kind::Content, first_byte)).await;
            if let Some(url) = answer.and_then(|answer| answer.location(&url)) {
                let ask = Ask::new(at_storage, url);
                self.ask(ask.part(Kind::SignedContent, first_byte)).await;
            }
        }
        Ok(())
    }

    /// The API.
    async fn api(&self) -> anyhow::Result<()> {
        let bearer = Secret::new(&format!("Bearer {}", self.token.expose()));
        let (registry, repository) = (self.registry.as_str(), self.repository.as_str());
        let at = |rest: &[&str], query: &[(&str, &str)]| {
            address(&self.api, &[&["v2", "registries"], rest].concat(), query)
        };
        let ask = |title, url| self.ask(Ask::new(title, url).with(&bearer, "the token"));
        ask("The API: the registries of the token", at(&[], &[])?).await;
        ask("The API: a registry that is not ours", at(&[IMPOSSIBLE], &[])?).await;
        let url = at(&[registry, "repositoriesV2"], &[("per_page", "1")])?;
        ask("The API: one repository", url).await;
        for (title, most) in [
            ("The API: 200 tags, the most that is documented", "200"),
            ("The API: more tags than are documented", "201"),
        ] {
            let url = at(&[registry, "repositories", repository, "tags"], &[("per_page", most)])?;
            if let Some(answer) = ask(title, url).await {
                (self.out)(&format!("  {}\n", shape::order(&answer.json())));
            }
        }
        let url = at(&[registry, "repositories", IMPOSSIBLE, "tags"], &[("per_page", "1")])?;
        ask("The API: the tags of a repository that does not exist", url).await;
        ask("The API: a garbage collection", at(&[registry, "garbage-collection"], &[])?).await;
        Ok(())
    }
}

/// What a registry token says of itself: the names of its claims, its life, the actions that it allows.
fn claims(token: &str) -> String {
    let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let Some(Value::Object(claims)) = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok())
    else {
        return "the token is no JWT".to_owned();
    };
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    let life = number("exp")
        .zip(number("iat").or_else(|| number("nbf")))
        .map_or_else(|| "no end".to_owned(), |(end, start)| format!("{} s", end - start));
    let access = claims.get("access").and_then(Value::as_array).map(Vec::as_slice);
    let actions: Vec<String> = access
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| entry.get("actions").map(Value::to_string))
        .collect();
    let names: Vec<&str> = claims.keys().map(String::as_str).collect();
    format!(
        "the token's claims: {}; it lives {life}; it allows {}",
        names.join(", "),
        if actions.is_empty() { "nothing".to_owned() } else { actions.join(", ") }
    )
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use verify_registry_image::secret::Redactor;

    use super::*;
    use crate::stand_in::{Image, Origin, StandIn};

    #[test]
    fn a_token_is_described_without_its_values() {
        let payload = r#"{"iss":"x","sub":"somebody","iat":100,"exp":400,"access":[{"type":"repository","name":"a/b","actions":["pull"]}]}"#;
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
        assert_eq!(
            claims(&token),
            "the token's claims: access, exp, iat, iss, sub; it lives 300 s; it allows [\"pull\"]"
        );
        assert_eq!(claims("opaque"), "the token is no JWT");
    }

    /// Every question has its answer, and none of them tells a secret or a name.
    #[test]
    #[expect(clippy::too_many_lines, reason = "every probe is shown")]
    fn the_answers_of_a_stand_in_are_told_without_secrets_and_names() {
        let stand_in = StandIn::honest();
        stand_in.image("keepkey/team/mail", "latest-dev", Image::node_on_alpine());
        let redactor = Redactor::default();
        let token = Secret::new(stand_in.token());
        redactor.hide(&token);
        let placeholders = crate::placeholders("keepkey", "team/mail", "latest-dev");
        let said = Rc::new(RefCell::new(String::new()));
        let out = Rc::clone(&said);
        let probes = Probes {
            asker: Asker::new(redactor, placeholders, true).unwrap(),
            api: stand_in.url(Origin::Api).parse().unwrap(),
            registry_host: stand_in.url(Origin::Registry).parse().unwrap(),
            token,
            registry: "keepkey".to_owned(),
            repository: "team/mail".to_owned(),
            tag: "latest-dev".to_owned(),
            out: Box::new(move |text| out.borrow_mut().push_str(text)),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(probes.run()).unwrap();
        let said = said.borrow();
        let mut never = stand_in.given_out_tokens();
        never.push(stand_in.token().to_owned());
        never.extend(
            ["keepkey", "team", "mail", "latest-dev", "X-Amz-Signature=", "eyJ"].map(str::to_owned),
        );
        for text in never {
            assert!(!said.contains(&text), "`{text}` is told:\n{said}");
        }
        assert!(stand_in.log().iter().all(|entry| entry.method == "GET"), "it reads only");
        let mut lines = said.lines();
        let mut answers = Vec::new();
        while let Some(line) = lines.next() {
            if let Some(title) = line.strip_prefix("## ") {
                let (_question, answer) = (lines.next(), lines.next().unwrap_or_default());
                answers.push(format!("{}: {title}", answer.trim().get(..3).unwrap_or_default()));
            }
        }
        insta::assert_snapshot!(answers.join("\n"), @"
        401: The registry's challenge
        200: A token for the repository
        200: A token for a repository that does not exist
        200: A token for a registry that is not ours
        401: A token, asked for with credentials that nobody has
        200: The manifest
        404: The manifest of a tag that does not exist
        404: The manifest of a repository that does not exist
        401: The same, with the token of another repository
        404: A blob that does not exist
        200: The tag list, one entry
        404: The referrers
        307: The config
        200: The config, at the storage
        307: A layer
        206: The layer, at the storage
        200: The API: the registries of the token
        404: The API: a registry that is not ours
        200: The API: one repository
        200: The API: 200 tags, the most that is documented
        200: The API: more tags than are documented
        404: The API: the tags of a repository that does not exist
        404: The API: a garbage collection
        ");
    }
}
