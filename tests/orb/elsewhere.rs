//! `examples/elsewhere`: the gate outside of CircleCI. Schemas look at the files in `examples/elsewhere/test.sh`; here, their
//! commands run at the stand-in, with the program itself.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_yaml::Value;

    use crate::checkout::{COMMIT, Checkout, image};
    use crate::stand_in::Origin;

    fn yaml(text: &str) -> Value {
        serde_yaml::from_str(text).unwrap()
    }

    /// A value below keys and places, as kustomize's `fieldPath` names it.
    fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
        path.split('.').fold(value, |value, part| match part.parse::<usize>() {
            Ok(place) => &value[place],
            Err(_) => &value[part],
        })
    }

    fn text(value: &Value) -> String {
        value.as_str().unwrap().to_owned()
    }

    #[test]
    fn the_job_of_argo_cd_verifies_what_is_deployed_before_anything_is_synced() {
        let file = |name: &str| match name {
            "deployment.yaml" => {
                yaml(include_str!("../../examples/elsewhere/argo-cd/deployment.yaml"))
            }
            "verify-image.yaml" => {
                yaml(include_str!("../../examples/elsewhere/argo-cd/verify-image.yaml"))
            }
            _ => yaml(include_str!("../../examples/elsewhere/argo-cd/kustomization.yaml")),
        };
        let (deployment, job) = (file("deployment.yaml"), file("verify-image.yaml"));
        let kustomization = file("kustomization.yaml");
        assert_eq!(job["metadata"]["annotations"]["argocd.argoproj.io/hook"], "PreSync");
        assert_eq!((&job["spec"]["backoffLimit"], job["kind"].as_str()), (&0.into(), Some("Job")));

        // What kustomize does: the image gets its digest, and goes where the replacement says.
        let (image_of, replacement) =
            (&kustomization["images"][0], &kustomization["replacements"][0]);
        let (source, target) = (&replacement["source"], &replacement["targets"][0]);
        assert_eq!(source["name"], deployment["metadata"]["name"]);
        assert_eq!(target["select"]["name"], job["metadata"]["name"]);
        let deployed = at(&deployment, source["fieldPath"].as_str().unwrap());
        assert_eq!(deployed, &image_of["name"]);
        let place = target["fieldPaths"][0].as_str().unwrap();
        assert_eq!(at(&job, place), "replaced-by-kustomization.yaml");
        let container = &job["spec"]["template"]["spec"]["containers"][0];
        let arguments: Vec<String> =
            container["args"].as_sequence().unwrap().iter().map(text).collect();

        let checkout = Checkout::new();
        let run = |first: &str| {
            let rest = arguments[1..].join(" ");
            checkout.bash(&format!("verify-registry-image {first} {rest}"), &BTreeMap::new())
        };
        let digest = checkout.push("api", "latest", image());
        let (code, printed) = run(&format!("{}@{digest}", text(deployed)));
        assert_eq!(code, 0, "{printed}");
        let missing = format!("{}@{}", text(deployed), text(&image_of["digest"]));
        assert_eq!(run(&missing).0, 1);
        // Without kustomize nothing is verified, which is no yes.
        assert_eq!(run(&arguments[0]).0, 2);
    }

    #[test]
    fn the_step_of_github_actions_hands_on_what_it_saw() {
        let workflow = yaml(include_str!("../../examples/elsewhere/github-actions.yml"));
        let gate = &workflow["jobs"]["gate"];
        let step = &gate["steps"][0];
        let expression = workflow["env"]["IMAGE"].as_str().unwrap();
        let mut checkout = Checkout::new();
        checkout.set("IMAGE", &expression.replace("${{ github.sha }}", COMMIT));
        checkout.set("GITHUB_SHA", COMMIT);
        checkout.set("GITHUB_OUTPUT", "output");
        checkout.tool(
            "docker",
            "until case $1 in ghcr.io/*) true ;; *) false ;; esac; do shift; done; shift; exec verify-registry-image \"$@\"",
        );
        let run = || checkout.bash(step["run"].as_str().unwrap(), &BTreeMap::new());
        let (code, printed) = run();
        assert_eq!((code, checkout.read("output").as_str()), (1, ""), "{printed}");
        let digest = checkout.push("api", COMMIT, image());
        let (code, printed) = run();
        assert_eq!(code, 0, "{printed}");
        let host = checkout.stand_in.host(Origin::Registry);
        assert_eq!(checkout.read("output"), format!("pinned={host}/my-registry/api@{digest}\n"));
        for file in gate["steps"][1]["with"]["path"].as_str().unwrap().lines() {
            assert!(checkout.path(file).exists(), "{file}");
        }
        // An image of another commit, under this commit's tag.
        let older = "c9f0f895fb98ab9159f51fd0297e236d2b3c4d5e";
        checkout.push("api", COMMIT, image().revision(older));
        assert_eq!(run().0, 1);
        assert!(!checkout.path("image-ref").exists());
    }

    #[test]
    fn the_job_of_gitlab_hands_on_what_it_saw() {
        let pipeline = yaml(include_str!("../../examples/elsewhere/gitlab-ci.yml"));
        let gate = &pipeline["gate"];
        let image_of = text(&pipeline["variables"]["IMAGE"]).replace("$CI_COMMIT_SHA", COMMIT);
        let mut checkout = Checkout::new();
        checkout.set("IMAGE", &image_of);
        checkout.set("CI_COMMIT_SHA", COMMIT);
        checkout.write("deploy.sh", "#!/bin/sh\necho \"$1\" > deployed\n");
        let script = |job: &str| {
            let lines: Vec<String> =
                pipeline[job]["script"].as_sequence().unwrap().iter().map(text).collect();
            lines.join("\n").replace("./deploy.sh", "sh deploy.sh")
        };
        let run = |job: &str| checkout.bash(&script(job), &BTreeMap::new());
        assert_eq!(run("gate").0, 1);
        assert_ne!(run("deploy").0, 0);
        let digest = checkout.push("api", COMMIT, image());
        let (code, printed) = run("gate");
        assert_eq!(code, 0, "{printed}");
        assert_eq!(run("deploy").0, 0);
        assert!(checkout.read("deployed").trim_end().ends_with(&format!("/api@{digest}")));
        let kept = gate["artifacts"]["paths"].as_sequence().unwrap();
        for file in kept.iter().chain([&gate["artifacts"]["reports"]["junit"]]) {
            assert!(checkout.path(file.as_str().unwrap()).exists(), "{file:?}");
        }
    }
}
