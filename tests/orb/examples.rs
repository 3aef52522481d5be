//! The orb's examples and the page on clusters, run: their commands as CircleCI runs them, with the program itself, at the
//! stand-in of DigitalOcean. Tools that would reach elsewhere (docker, kubectl, curl) are programs of the test.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use serde_yaml::{Mapping, Value};

    use crate::checkout::{COMMIT, Checkout, has_jq, image};
    use crate::python;
    use crate::stand_in::{Image, Origin};
    use crate::steps::{Run, Step, steps};

    const OLDER: &str = "c9f0f895fb98ab9159f51fd0297e236d2b3c4d5e";
    const PIPELINE: &str = "5034460f-c7c4-4c43-9457-de07e2029e7b";

    /// What kubectl prints for the images of pods: each as its pod's spec has it, with or without a host, a tag and a digest,
    /// and as often as it is there. Debian's kubectl 1.20.2 printed these lines for the commands of the example and of the
    /// page, when a small server of the pods' API gave it three such pods.
    const PODS: &str =
        "HOST/my-registry/api:1\nmy-registry/web\nHOST/my-registry/api:1\nmy-registry/web@DIGEST\n";
    const INIT_PODS: &str = "my-registry/web:latest\n";

    /// An example of the packed orb in a checkout.
    struct Example {
        usage: Value,
        checkout: Checkout,
    }

    impl std::ops::Deref for Example {
        type Target = Checkout;

        fn deref(&self) -> &Checkout {
            &self.checkout
        }
    }

    /// How a job ended, and what it printed.
    struct Ended {
        code: i32,
        printed: String,
    }

    impl Example {
        fn new(name: &str) -> Self {
            let orb: Value = serde_yaml::from_str(include_str!("../../orb/orb.yml")).unwrap();
            let usage = orb["examples"][name]["usage"].clone();
            let mut checkout = Checkout::new();
            checkout.write("bash.env", "");
            for (name, value) in [
                ("CIRCLE_SHA1", COMMIT),
                ("CIRCLE_PIPELINE_ID", PIPELINE),
                ("CIRCLE_JOB", "gate"),
                ("CIRCLE_BUILD_URL", "https://circleci.com/gh/acme/shop/42"),
                ("BASH_ENV", "bash.env"),
            ] {
                checkout.set(name, value);
            }
            Self { usage, checkout }
        }

        fn with(mut self, name: &str, value: &str) -> Self {
            self.checkout.set(name, value);
            self
        }

        /// Runs a job of the example, all of its steps.
        fn job(&self, name: &str) -> Ended {
            let all = self.usage["jobs"][name]["steps"].as_sequence().unwrap();
            let steps = all.iter().flat_map(|step| {
                let Some((name, body)) = step.as_mapping().and_then(|step| step.iter().next())
                else {
                    return Vec::new();
                };
                match name.as_str().unwrap() {
                    "run" => vec![run(body)],
                    "verify-registry-image/verify" => self.orb("commands", body),
                    // The program is there; a workspace is the folder itself.
                    _ => Vec::new(),
                }
            });
            self.steps(steps.collect())
        }

        /// Runs the orb's job `verify` as a workflow of the example names it.
        fn gate(&self, workflow: &str, name: &str) -> Ended {
            let jobs = self.usage["workflows"][workflow]["jobs"].as_sequence().unwrap();
            let job = jobs.iter().find_map(|job| {
                job.get("verify-registry-image/verify").filter(|body| body["name"] == name)
            });
            let mut parameters = job.unwrap().as_mapping().unwrap().clone();
            for of_the_workflow in ["name", "context", "filters", "requires"] {
                parameters.remove(of_the_workflow);
            }
            self.steps(self.orb("jobs", &Value::Mapping(parameters)))
        }

        fn orb(&self, section: &str, parameters: &Value) -> Vec<Run> {
            let parameters = self.here(&serde_yaml::to_string(parameters).unwrap());
            let steps = steps(section, "verify", &parameters);
            let runs = steps.into_iter().filter_map(|step| match step {
                Step::Run(run) => Some(run),
                Step::Other(_) => None,
            });
            runs.collect()
        }

        fn steps(&self, steps: Vec<Run>) -> Ended {
            let mut ended = Ended { code: 0, printed: String::new() };
            for run in steps {
                if !run.is_due(ended.code) {
                    continue;
                }
                let (code, printed) = self.bash(&run.command, &run.environment);
                ended.code = if ended.code == 0 { code } else { ended.code };
                ended.printed += &printed;
            }
            ended
        }
    }

    /// A `run` step as CircleCI reads it.
    fn run(body: &Value) -> Run {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let environment = body.get("environment").and_then(Value::as_mapping).cloned();
        Run {
            name: text(&body["name"]),
            command: text(&body["command"]),
            when: body.get("when").map_or_else(|| "on_success".to_owned(), text),
            environment: environment
                .unwrap_or_else(Mapping::new)
                .iter()
                .map(|(name, value)| {
                    (text(name), text(value).replace("<< pipeline.git.base_revision >>", "HEAD~1"))
                })
                .collect(),
        }
    }

    fn can_run() -> bool {
        has_jq() && python::is_here()
    }

    #[test]
    fn a_monorepo_verifies_and_deploys_what_it_pushed() {
        if !can_run() {
            return;
        }
        let git = |example: &Example, change: &str| {
            let script = format!(
                "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com\n\
                 git init -q . && mkdir -p services/api services/web && touch services/api/Dockerfile services/web/Dockerfile\n\
                 git add services && git commit -qm first && {change} && git add -A services && git commit -qm second --allow-empty"
            );
            let (code, printed) = example.bash(&script, &BTreeMap::new());
            assert_eq!(code, 0, "{printed}");
        };
        let config = "registry: registry.digitalocean.com/my-registry\nenvironments:\n  development:\n    tag: \"{revision}\"\n\
                      services:\n  api: {}\n  web: {}\n";
        for (change, pushed) in [
            ("echo FROM node > services/web/Dockerfile", "web"),
            ("echo > services/web/a && echo > services/api/a", "api web"),
            // Nothing, and a service that is no more: all of what is there.
            ("true", "api web"),
            ("rm -r services/web", "api"),
        ] {
            let example = Example::new("changed_services_of_a_monorepo");
            git(&example, change);
            example.write("verify-registry-image.yml", &example.here(config));
            example.tool("docker", "");
            example.tool("deploy.sh", "");
            fs::rename(example.path("bin/deploy.sh"), example.path("deploy.sh")).unwrap();
            let push = example.job("push");
            assert_eq!(push.code, 0, "{}", push.printed);
            let log = example.read("docker.log");
            let built: Vec<&str> = log.lines().filter_map(|line| line.rsplit('/').next()).collect();
            assert_eq!(built.join(" "), pushed, "{log}");
            // The registry has not got them: `docker` pushed nothing.
            let red = example.job("gate");
            assert_eq!(red.code, 1, "{}", red.printed);
            assert_eq!(example.read("deployment-record/development/web.json"), "");
            for service in built {
                example.push(service, COMMIT, image());
            }
            example.write("bash.env", "");
            let gate = example.job("gate");
            assert_eq!(gate.code, 0, "{}", gate.printed);
            let deploy = example.job("deploy");
            assert_eq!(deploy.code, 0, "{}", deploy.printed);
            assert_eq!(example.read("deploy.sh.log").lines().count(), pushed.split(' ').count());
        }
    }

    #[test]
    fn a_tag_promotes_the_commits_image_and_no_other() {
        if !can_run() {
            return;
        }
        for is_the_same in [true, false] {
            let example = Example::new("promotion_by_tag").with("CIRCLE_TAG", "v1.2.3");
            example.tool("docker", "");
            example.push("api", COMMIT, image());
            let gate = example.gate("release", "gate-commit");
            assert_eq!(gate.code, 0, "{}", gate.printed);
            let promote = example.job("promote");
            assert_eq!(promote.code, 0, "{}", promote.printed);
            let log = example.read("docker.log");
            let digest = example.read("promoted/digest.txt");
            assert!(log.contains("--prefer-index=false") && log.contains(digest.trim()), "{log}");
            let other = if is_the_same { image() } else { image().label("other", "1") };
            example.push("api", "v1.2.3", other);
            let gate = example.gate("release", "gate-release");
            assert_eq!(gate.code, i32::from(!is_the_same), "{}", gate.printed);
            assert_eq!(example.path("of-the-release/record.json").exists(), is_the_same);
        }
        // Without an image of that commit nothing is promoted; so it is with the image of another commit.
        let example = Example::new("promotion_by_tag").with("CIRCLE_TAG", "v1.2.3");
        assert_eq!(example.gate("release", "gate-commit").code, 1);
        example.push("api", COMMIT, Image::node_on_alpine().revision(OLDER));
        assert_eq!(example.gate("release", "gate-commit").code, 1);
        assert_ne!(example.job("promote").code, 0);
    }

    #[test]
    fn the_nightly_look_is_red_when_a_deployed_digest_is_gone() {
        if !can_run() {
            return;
        }
        let example = Example::new("nightly_look_at_what_is_deployed");
        let host = example.stand_in.host(Origin::Registry);
        let mut digests = Vec::new();
        for service in ["api", "web"] {
            digests.push(example.push(service, "latest", image().label("service", service)));
            // A moving tag has moved on, as it will.
            example.push(service, "latest", Image::node_on_alpine().revision(OLDER));
            let pinned = format!("{host}/my-registry/{service}@{}", digests.last().unwrap());
            let record = format!("{{\"image\": {{\"pinned\": \"{pinned}\"}}}}");
            example.write(&format!("deployments/production/{service}.json"), &record);
        }
        let look = example.job("look");
        assert_eq!(look.code, 0, "{}", look.printed);
        example.stand_in.forget_manifest("my-registry/web", &digests[1]);
        let look = example.job("look");
        assert_eq!(look.code, 1, "{}", look.printed);
        assert!(look.printed.contains(&digests[1]), "{}", look.printed);
        assert!(example.read("results/junit.xml").contains("<failure"));
        // No record is an error, and a record that was cut is one too.
        example.write("deployments/production/web.json", "{}");
        assert_ne!(example.job("look").code, 0);
        fs::remove_dir_all(example.path("deployments")).unwrap();
        assert_ne!(example.job("look").code, 0);
    }

    /// The pods of a cluster, and a kubectl that lists them.
    fn cluster(example: &Example) {
        example.push("api", "1", image());
        let digest = example.push("web", "latest", image());
        let host = example.stand_in.host(Origin::Registry);
        let pods = PODS.replace("HOST", &host).replace("DIGEST", &digest);
        example.write("pods", &pods);
        example.write("init-pods", INIT_PODS);
        example.tool(
            "kubectl",
            "case $* in *initContainers*) cat init-pods ;; *'get pods -A -o jsonpath='*) cat pods ;; *) exit 1 ;; esac",
        );
    }

    #[test]
    fn everything_that_runs_in_a_cluster_is_verified() {
        if !can_run() {
            return;
        }
        let mut example =
            Example::new("everything_that_runs_in_a_cluster").with("KUBECONFIG_BASE64", "e30K");
        cluster(&example);
        let jobs = serde_yaml::to_string(&example.usage["jobs"]).unwrap();
        let host = example.stand_in.host(Origin::Registry);
        let jobs =
            jobs.replace("--default-registry docker.io", &format!("--default-registry {host}"));
        assert!(jobs.contains(&host), "{jobs}");
        example.usage["jobs"] = serde_yaml::from_str(&jobs).unwrap();
        let look = example.job("look");
        assert_eq!(look.code, 0, "{}", look.printed);
        assert_eq!(example.read("kubeconfig"), "{}\n");
        // api:1, web (which is web:latest), web:latest, web@DIGEST.
        assert_eq!(example.read("results/junit.xml").matches("<testsuite ").count(), 3);
        example.write("pods", &format!("{host}/my-registry/api:2\n"));
        assert_eq!(example.job("look").code, 1);
        // A kubectl that may not list pods, and a cluster without any, are no yes.
        example
            .tool("kubectl", "echo 'Error from server (Forbidden): pods is forbidden' >&2; exit 1");
        assert_ne!(example.job("look").code, 0);
        example.tool("kubectl", "");
        assert_eq!(example.job("look").code, 2);
    }

    #[test]
    fn the_line_for_a_cluster_on_the_page_is_run() {
        let page = include_str!("../../docs/usage.md");
        let line = page.split("```sh\n").find(|block| block.starts_with("kubectl get pods"));
        let line = line.and_then(|block| block.split("```").next()).unwrap();
        let example = Example::new("notify_on_red");
        cluster(&example);
        let host = example.stand_in.host(Origin::Registry);
        let here = line.replace("docker.io", &host);
        assert_ne!(here, line);
        let (code, printed) = example.bash(&here, &BTreeMap::new());
        assert_eq!(code, 0, "{printed}");
        example.write("pods", "my-registry/web:never-pushed\n");
        assert_eq!(example.bash(&here, &BTreeMap::new()).0, 1);
        // Without pipefail, as in a terminal, a kubectl that failed leaves nothing to verify, which is an error.
        example.tool("kubectl", "exit 1");
        assert_eq!(example.bash(&format!("set +o pipefail\n{here}"), &BTreeMap::new()).0, 2);
    }

    #[test]
    fn a_red_gate_sends_its_reason_and_stays_red() {
        if !can_run() {
            return;
        }
        let example =
            Example::new("notify_on_red").with("WEBHOOK_URL", "https://chat.example.com/hook");
        example.tool("curl", "cat > sent.json");
        let gate = example.job("gate");
        assert_eq!(gate.code, 1, "{}", gate.printed);
        let sent: Value = serde_yaml::from_str(&example.read("sent.json")).unwrap();
        let text = sent["text"].as_str().unwrap();
        assert!(text.starts_with("gate is red: ") && text.contains("api"), "{text}");
        assert!(text.ends_with(" https://circleci.com/gh/acme/shop/42"), "{text}");
        assert!(example.read("curl.log").contains("https://chat.example.com/hook"));
        // A chat that is down changes nothing, and a green gate is silent.
        example.tool("curl", "exit 22");
        assert_eq!(example.job("gate").code, 1);
        fs::remove_file(example.path("curl.log")).unwrap();
        example.push("api", COMMIT, image());
        assert_eq!(example.job("gate").code, 0);
        assert_eq!(example.read("curl.log"), "");
    }
}
