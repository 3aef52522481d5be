//! The project's own pipeline files, and where the placeholders stand that its owner has yet to set.

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;
    use std::process::Command;
    use std::slice::from_ref;

    use serde_json::json;
    use serde_yaml::Value;

    use crate::checkout::{Checkout, image as image_of_commit};
    use crate::source::could_not_run;
    use crate::stand_in::Index;

    const SETUP: &str = include_str!("../../.circleci/config.yml");
    const TEST_DEPLOY: &str = include_str!("../../.circleci/test-deploy.yml");

    /// The jobs that a job of the releasing workflow rests on, and the job itself.
    fn above(pipeline: &Value, job: &str) -> BTreeSet<String> {
        let jobs = pipeline["workflows"]["test-deploy"]["jobs"].as_sequence().unwrap();
        let mut above = BTreeSet::from([job.to_owned()]);
        // The jobs stand in the order of their need, so one walk from below reaches all that it rests on.
        for entry in jobs.iter().rev() {
            let (job, body) = entry.as_mapping().unwrap().iter().next().unwrap();
            let name = body.get("name").unwrap_or(job).as_str().unwrap();
            if above.contains(name) {
                let requires = body.get("requires").and_then(Value::as_sequence);
                above.extend(
                    requires.into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()),
                );
            }
        }
        above
    }

    /// The job of the releasing workflow that goes by this name.
    fn in_workflow<'a>(pipeline: &'a Value, name: &str) -> &'a Value {
        let jobs = pipeline["workflows"]["test-deploy"]["jobs"].as_sequence().unwrap();
        let entries = jobs.iter().filter_map(|entry| entry.as_mapping()?.iter().next());
        let mut found = entries.filter(|(job, body)| body.get("name").unwrap_or(job) == name);
        found.next().unwrap_or_else(|| panic!("there is no job `{name}`")).1
    }

    #[test]
    fn nothing_is_published_that_was_not_gated() {
        let pipeline: Value = serde_yaml::from_str(TEST_DEPLOY).unwrap();
        let image = ["gate-itself", "must_fail", "binaries"];
        let all = [&image[..], &["publish_image", "gate-release", "gate-public"]].concat();
        for (published, needs) in
            [("publish_image", &image[..]), ("archives", &all), ("orb-tools/publish", &all)]
        {
            let above = above(&pipeline, published);
            for needed in needs {
                assert!(above.contains(*needed), "{published}: {needed} is not among {above:?}");
            }
        }
        // The orb goes last: nobody can be told to use what is not there yet.
        assert!(above(&pipeline, "orb-tools/publish").contains("archives"));
        assert!(above(&pipeline, "archives").contains("macos"));
    }

    #[test]
    fn the_gate_of_the_gates_own_image_asks_for_all_that_can_be_asked() {
        let pipeline: Value = serde_yaml::from_str(TEST_DEPLOY).unwrap();
        let released = pipeline["released"].as_str().unwrap();
        assert_eq!(released, r"pipeline.git.tag matches /^v[0-9]+\.[0-9]+\.[0-9]+$/");
        assert!(pipeline["published"].as_str().unwrap().ends_with(&format!(" or {released}")));
        let yaml = |value: &Value| serde_yaml::to_string(value).unwrap();
        let gate = in_workflow(&pipeline, "gate-itself");
        insta::assert_snapshot!(yaml(gate), @r#"
        name: gate-itself
        executor:
          name: verify-registry-image/docr
          repository: << pipeline.parameters.image_repository >>
          tag: << pipeline.git.revision >>
        pre-steps:
        - run:
            name: Name the image that .circleci/gate.yml is about
            environment:
              IMAGE: registry.digitalocean.com/<< pipeline.parameters.image_repository >>
            command: echo "export GATED_HOST='${IMAGE%%/*}' GATED_REPOSITORY='${IMAGE#*/}'" >> "$BASH_ENV"
        image: registry.digitalocean.com/<< pipeline.parameters.image_repository >>:$CIRCLE_SHA1
        config: .circleci/gate.yml
        revision: required
        platforms: linux/amd64 linux/arm64
        wait: 60s
        record_dir: gated
        requires:
        - index
        context:
        - digitalocean
        filters: pipeline.git.branch == "develop" or pipeline.git.tag matches /^v[0-9]+\.[0-9]+\.[0-9]+$/
        "#);
        let must_fail = &pipeline["jobs"]["must_fail"];
        insta::assert_snapshot!(yaml(must_fail), @"
        executor:
          name: verify-registry-image/docr
          repository: << pipeline.parameters.image_repository >>
          tag: << pipeline.git.revision >>
        steps:
        - checkout
        - run:
            name: A tag that does not exist must fail the gate, with exit code 1 and no other
            environment:
              IMAGE_REPOSITORY: << pipeline.parameters.image_repository >>
            command: sh scripts/must-fail.sh
        ");
        let binaries = &pipeline["jobs"]["binaries"]["steps"];
        let version = binaries.as_sequence().unwrap().iter().filter_map(|step| step.get("run"));
        let version = version.map(|run| run["command"].as_str().unwrap());
        let expected =
            "[ -z \"${CIRCLE_TAG:-}\" ] || scripts/check-version.sh \"${CIRCLE_TAG#v}\"\n";
        assert!(version.into_iter().any(|command| command == expected));
    }

    /// How the gate ends that the pipeline's job `name` runs, of an image with these statements beside it. What the
    /// job does before it is run, too.
    fn gated(name: &str, statements: &[(&str, serde_json::Value)]) -> (i32, String) {
        let pipeline: Value = serde_yaml::from_str(TEST_DEPLOY).unwrap();
        let gate = in_workflow(&pipeline, name);
        let before = &gate["pre-steps"][0]["run"];
        let text = |value: &Value| {
            let text = value.as_str().unwrap();
            text.replace("<< pipeline.parameters.image_repository >>", "my-registry/gate").replace(
                "ghcr.io/OWNER/verify-registry-image",
                "registry.digitalocean.com/my-registry/gate",
            )
        };
        let mut checkout = Checkout::new();
        checkout.write(".circleci/gate.yml", include_str!("../../.circleci/gate.yml"));
        checkout.set("BASH_ENV", "bash.env");
        let named = checkout.here(&text(&before["environment"]["IMAGE"]));
        let environment = BTreeMap::from([("IMAGE".to_owned(), named.clone())]);
        let (code, said) = checkout.bash(&text(&before["command"]), &environment);
        assert_eq!(code, 0, "{said}");
        let image = checkout.here(&text(&gate["image"]).replace("$CIRCLE_SHA1", "0.1.0"));
        assert!(image.starts_with(&format!("{named}:")), "{image} is not the image {named}");
        let image_of_it = image_of_commit().platform("linux/amd64");
        let index = Index::new().image(image_of_it).attested(0, statements);
        checkout.push("gate", "0.1.0", index);
        let config = gate["config"].as_str().unwrap();
        let command = format!("verify-registry-image --config {config} {image}");
        checkout.bash(&command, &BTreeMap::new())
    }

    #[test]
    fn the_gates_own_image_is_red_without_its_attestations() {
        let provenance = ("https://slsa.dev/provenance/v0.2", json!({}));
        let sbom = ("https://spdx.dev/Document", json!({}));
        for name in ["gate-itself", "gate-release", "gate-public"] {
            let (code, said) = gated(name, &[provenance.clone(), sbom.clone()]);
            assert_eq!(code, 0, "{name}: {said}");
            for some in [&[][..], from_ref(&provenance), from_ref(&sbom)] {
                let (code, said) = gated(name, some);
                assert_eq!(code, 1, "{name}: {said}");
                assert!(said.contains("facts-expected failed"), "{name}: {said}");
            }
        }
    }

    #[test]
    fn the_image_that_everything_defaults_to_is_the_one_that_is_published_and_gated() {
        let pipeline: Value = serde_yaml::from_str(TEST_DEPLOY).unwrap();
        let orb: Value = serde_yaml::from_str(include_str!("../../orb/orb.yml")).unwrap();
        let default = &orb["executors"]["default"]["parameters"];
        let image = default["image"]["default"].as_str().unwrap();
        let version = default["tag"]["default"].as_str().unwrap();
        let steps = pipeline["jobs"]["publish_image"]["steps"].as_sequence().unwrap();
        let publish = steps.iter().find_map(|step| step.get("run")).unwrap();
        assert_eq!(publish["environment"]["PUBLIC_IMAGE"], image);
        let gate = in_workflow(&pipeline, "gate-public");
        assert_eq!(gate["image"], format!("{image}:{version}").as_str());
        // In the default executor, which pulls that very image without a login; and it must be the copy.
        assert_eq!((gate.get("executor"), gate.get("context")), (None, None));
        for gate in [gate, in_workflow(&pipeline, "gate-release")] {
            assert_eq!(gate["digest_file"], "published/digest");
            assert!(gate["image"].as_str().unwrap().ends_with(&format!(":{version}")));
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for path in ["README.md", "docs/usage.md", "skills/verify-registry-image.sh"] {
            let text = std::fs::read_to_string(root.join(path)).unwrap();
            assert!(text.contains(&format!("{image}:{version}")), "{path}");
        }
    }

    #[test]
    fn every_place_that_compiles_has_the_same_rust() {
        let dockerfile = include_str!("../../Dockerfile");
        let rust = dockerfile.lines().find_map(|line| line.strip_prefix("ARG RUST=")).unwrap();
        let version = rust.rsplit(':').next().unwrap().split('-').next().unwrap();
        let used: Vec<&str> = [SETUP, TEST_DEPLOY]
            .iter()
            .flat_map(|text| text.split("cimg/rust:").skip(1))
            .filter_map(|rest| rest.lines().next())
            .collect();
        assert_eq!(used, vec![version; 3]);
    }

    #[test]
    fn every_branch_builds_the_image_from_nothing() {
        let pipeline: Value = serde_yaml::from_str(TEST_DEPLOY).unwrap();
        let branches = &pipeline["workflows"]["every-branch"]["jobs"];
        assert!(branches.as_sequence().unwrap().contains(&Value::from("dockerfile")));
        assert_eq!(in_workflow(&pipeline, "dockerfile")["filters"], pipeline["published"]);
        assert!(above(&pipeline, "publish_image").contains("dockerfile"));
    }

    #[test]
    fn the_context_with_the_token_is_for_develop_and_releases() {
        let pipeline: Value = serde_yaml::from_str(TEST_DEPLOY).unwrap();
        let allowed = [&pipeline["published"], &pipeline["released"]];
        for (_, workflow) in pipeline["workflows"].as_mapping().unwrap() {
            for entry in workflow["jobs"].as_sequence().unwrap() {
                let Some((name, body)) = entry.as_mapping().and_then(|map| map.iter().next())
                else {
                    continue;
                };
                let is_filtered =
                    body.get("filters").is_some_and(|filter| allowed.contains(&filter));
                assert!(body.get("context").is_none() || is_filtered, "{name:?}");
            }
        }
    }

    #[test]
    fn what_changes_how_the_program_is_built_is_in_the_images_build_context() {
        let allowed = include_str!("../../.dockerignore");
        let entries = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let left_out: Vec<String> = names
            .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "toml"))
            .filter(|name| !["clippy.toml", "rustfmt.toml", "deny.toml"].contains(&name.as_str()))
            .filter(|name| !allowed.lines().any(|line| line == format!("!{name}")))
            .collect();
        assert_eq!(left_out, Vec::<String>::new());
        let scripts = [
            include_str!("../../scripts/build-static.sh"),
            include_str!("../../scripts/build-release.sh"),
        ];
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "/.-".contains(letter);
        let name = |line: &'static str| {
            let place = line.find("scripts/").filter(|_| !line.starts_with('#'))?;
            line[place..].split(|letter| !is_name(letter)).next()
        };
        let read: BTreeSet<String> = scripts
            .iter()
            .flat_map(|script| script.lines())
            .filter_map(name)
            .map(|name| format!("!{name}"))
            .collect();
        assert!(read.contains("!scripts/static.ld"), "{read:?}");
        let left_out: Vec<&String> =
            read.iter().filter(|name| !allowed.lines().any(|line| line == *name)).collect();
        assert_eq!(left_out, Vec::<&String>::new());
    }

    #[test]
    fn the_placeholders_stand_where_the_script_looks_for_them() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let script = include_str!("../../scripts/set-placeholders.sh");
        let listed = script.split('\'').nth(1).unwrap();
        let listed: BTreeSet<&str> = listed.lines().filter(|line| !line.is_empty()).collect();
        let tracked = Command::new("git").args(["ls-files"]).current_dir(root).output();
        let Some(tracked) = tracked.ok().filter(|output| output.status.success()) else {
            could_not_run("the placeholders: this is not a git checkout");
            return;
        };
        let tracked = String::from_utf8(tracked.stdout).unwrap();
        let holds = |path: &&str| {
            let text = std::fs::read_to_string(root.join(path)).unwrap_or_default();
            ["/OWNER/", "NAMESPACE/"].iter().any(|placeholder| text.contains(placeholder))
        };
        // Generated, and the code that speaks of them.
        let is_other = |path: &&str| {
            let path = Path::new(path);
            path.starts_with("tests")
                || path.starts_with("scripts")
                || path == Path::new("orb/orb.yml")
        };
        let found: BTreeSet<&str> =
            tracked.lines().filter(|path| !is_other(path)).filter(holds).collect();
        let is_set = found.is_empty();
        assert!(is_set || found == listed, "found {found:#?}\nlisted {listed:#?}");
    }

    #[test]
    fn once_the_placeholders_are_set_none_is_left() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let copy = tempfile::tempdir().unwrap();
        let script = include_str!("../../scripts/set-placeholders.sh");
        let listed: Vec<&str> = script.split('\'').nth(1).unwrap().split_whitespace().collect();
        let others = [".circleci/config.yml", "scripts/set-placeholders.sh"];
        for path in listed.iter().chain(&others) {
            let to = copy.path().join(path);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(root.join(path), to).unwrap();
        }
        // In the place of make, which packs the orb: nothing to do here.
        std::fs::create_dir(copy.path().join("bin")).unwrap();
        std::os::unix::fs::symlink("/bin/true", copy.path().join("bin/make")).unwrap();
        let output = Command::new("/bin/sh")
            .arg(copy.path().join("scripts/set-placeholders.sh"))
            .args(["Some-Owner", "some-space"])
            .env("PATH", format!("{}:/usr/bin:/bin", copy.path().join("bin").display()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let read = |path: &str| std::fs::read_to_string(copy.path().join(path)).unwrap();
        for path in listed {
            for left in ["/OWNER/", "NAMESPACE/", "ghcr.io/Some-Owner", "`OWNER` and `NAMESPACE`"] {
                assert!(!read(path).contains(left), "{path} has `{left}`");
            }
        }
        assert!(!read(".circleci/config.yml").contains("RC006"));
    }
}
