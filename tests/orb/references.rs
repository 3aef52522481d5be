//! Checks what the schema does not: that everything an orb or a pipeline names is there, and fits.

use std::collections::BTreeSet;

use serde_yaml::{Mapping, Value};

use crate::parameters::{
    check_declaration, check_given, declared, named, references, used, whole_reference,
};

const BUILT_IN: [&str; 11] = [
    "run",
    "checkout",
    "setup_remote_docker",
    "save_cache",
    "restore_cache",
    "store_artifacts",
    "store_test_results",
    "persist_to_workspace",
    "attach_workspace",
    "add_ssh_keys",
    "deploy",
];
/// What stands beside a job's parameters in a workflow.
const OF_WORKFLOW: [&str; 10] = [
    "name",
    "requires",
    "context",
    "filters",
    "type",
    "matrix",
    "pre-steps",
    "post-steps",
    "serial-group",
    "when",
];
/// What a job has that no orb job needs, or that a command repeats under its own name.
const OF_JOB: [&str; 4] = ["attach_workspace", "checkout", "executor", "persist"];

/// Checks a packed orb. Every finding is one sentence that names its place.
pub(crate) fn check_orb(orb: &Value) -> Vec<String> {
    let mut linter = Linter { orb, alias: None, findings: Vec::new() };
    for section in ["commands", "executors", "jobs"] {
        for (name, element) in elements(orb, section) {
            linter.element(&format!("{section}/{name}"), &element);
        }
    }
    for (name, job) in elements(orb, "jobs") {
        linter.pass_through(&name, &job);
    }
    linter.findings
}

/// Checks a pipeline file, or an example's `usage`, that uses the orb under a name.
pub(crate) fn check_pipeline(pipeline: &Value, orb: &Value, alias: &str) -> Vec<String> {
    let mut linter = Linter { orb, alias: Some(alias), findings: Vec::new() };
    let orbs: BTreeSet<String> = elements(pipeline, "orbs").map(|(name, _)| name).collect();
    let jobs: Vec<(String, Value)> = elements(pipeline, "jobs").collect();
    for (name, job) in &jobs {
        linter.element(&format!("jobs/{name}"), job);
    }
    for (workflow, body) in elements(pipeline, "workflows") {
        let Some(entries) = body.get("jobs").and_then(Value::as_sequence) else { continue };
        let place = format!("workflows/{workflow}");
        linter.workflow(&place, entries, &jobs, &orbs);
    }
    linter.findings
}

struct Linter<'a> {
    orb: &'a Value,
    /// The orb's name in a pipeline; `None` inside the orb itself, where its elements go by their own names.
    alias: Option<&'a str>,
    findings: Vec<String>,
}

impl Linter<'_> {
    fn find(&mut self, place: &str, what: &str) {
        self.findings.push(format!("{place}: {what}"));
    }

    /// The element of the orb that a name in steps or workflows means.
    fn lookup(&self, section: &str, name: &str) -> Option<Value> {
        let name = match self.alias {
            Some(alias) => name.strip_prefix(alias)?.strip_prefix('/')?,
            None => name,
        };
        self.orb.get(section)?.get(name).cloned()
    }

    fn is_foreign(&self, name: &str) -> bool {
        let of_ours = self.alias.map(|alias| format!("{alias}/"));
        name.contains('/') && of_ours.is_some_and(|ours| !name.starts_with(&ours))
    }

    fn element(&mut self, place: &str, element: &Value) {
        let parameters = declared(element);
        let mut names = BTreeSet::new();
        for (key, value) in element.as_mapping().into_iter().flatten() {
            if key.as_str() != Some("parameters") && key.as_str() != Some("description") {
                used(value, &mut names);
            }
        }
        for name in &names {
            if !parameters.contains_key(name.as_str()) {
                self.find(place, &format!("uses the undeclared parameter `{name}`"));
            }
        }
        for (name, parameter) in &parameters {
            let name = name.as_str().unwrap_or_default();
            if !names.contains(name) {
                self.find(place, &format!("declares the parameter `{name}` and does not use it"));
            }
            for finding in check_declaration(name, parameter) {
                self.find(place, &finding);
            }
            if parameter.get("type").and_then(Value::as_str) == Some("executor")
                && let Some(default) = parameter.get("default")
            {
                self.executor(place, default, &parameters);
            }
        }
        if let Some(executor) = element.get("executor") {
            self.executor(place, executor, &parameters);
        }
        self.steps(place, element.get("steps"), &parameters);
    }

    fn executor(&mut self, place: &str, executor: &Value, outer: &Mapping) {
        if whole_reference(executor).is_some() {
            return;
        }
        let name = executor.get("name").unwrap_or(executor).as_str().unwrap_or_default();
        if self.is_foreign(name) {
            return;
        }
        let Some(target) = self.lookup("executors", name) else {
            return self.find(place, &format!("there is no executor `{name}`"));
        };
        let mut given = executor.as_mapping().cloned().unwrap_or_default();
        given.remove("name");
        for finding in check_given(&declared(&target), &given, outer) {
            self.find(place, &format!("executor `{name}`: {finding}"));
        }
    }

    fn steps(&mut self, place: &str, steps: Option<&Value>, outer: &Mapping) {
        for step in steps.and_then(Value::as_sequence).into_iter().flatten() {
            let (name, body) = named(step);
            match name {
                "when" | "unless" => self.steps(place, body.get("steps"), outer),
                "run" => self.run(place, &body),
                _ if BUILT_IN.contains(&name) || self.is_foreign(name) => {}
                _ => self.command(place, name, &body, outer),
            }
        }
    }

    fn run(&mut self, place: &str, body: &Value) {
        let command = body.get("command").unwrap_or(body).as_str().unwrap_or_default();
        for name in references(command) {
            self.find(place, &format!("puts the parameter `{name}` into shell text"));
        }
    }

    fn command(&mut self, place: &str, name: &str, body: &Value, outer: &Mapping) {
        let Some(target) = self.lookup("commands", name) else {
            return self.find(place, &format!("there is no command `{name}`"));
        };
        let given = body.as_mapping().cloned().unwrap_or_default();
        for finding in check_given(&declared(&target), &given, outer) {
            self.find(place, &format!("command `{name}`: {finding}"));
        }
    }

    /// A job repeats every parameter of the command that it is named after, and hands each on.
    fn pass_through(&mut self, name: &str, job: &Value) {
        let Some(command) = self.lookup("commands", name) else { return };
        let (ours, its) = (declared(job), declared(&command));
        let place = format!("jobs/{name}");
        let steps = job.get("steps").and_then(Value::as_sequence);
        let given = steps.into_iter().flatten().find_map(|step| step.get(name)).cloned();
        for (parameter, declaration) in &its {
            let shown = parameter.as_str().unwrap_or_default();
            if ours.get(parameter) != Some(declaration) {
                self.find(&place, &format!("does not declare `{shown}` as the command does"));
            }
            let value = given.as_ref().and_then(|given| given.get(parameter));
            if value.and_then(whole_reference) != Some(shown) {
                self.find(&place, &format!("does not hand `{shown}` on to the command"));
            }
        }
        for parameter in ours.keys().filter_map(Value::as_str) {
            if !its.contains_key(parameter) && !OF_JOB.contains(&parameter) {
                self.find(&place, &format!("has the parameter `{parameter}`, the command has not"));
            }
        }
    }

    fn workflow(
        &mut self,
        place: &str,
        entries: &[Value],
        jobs: &[(String, Value)],
        orbs: &BTreeSet<String>,
    ) {
        let entries: Vec<(String, Mapping)> = entries
            .iter()
            .map(|entry| {
                let (name, body) = named(entry);
                (name.to_owned(), body.as_mapping().cloned().unwrap_or_default())
            })
            .collect();
        let names: BTreeSet<&str> = entries
            .iter()
            .map(|(job, body)| body.get("name").and_then(Value::as_str).unwrap_or(job))
            .collect();
        for (job, body) in &entries {
            for required in requires(body) {
                if !names.contains(required.as_str()) {
                    self.find(place, &format!("`{job}` requires `{required}`, which is not there"));
                }
            }
            self.invocation(place, job, body, jobs, orbs);
        }
    }

    fn invocation(
        &mut self,
        place: &str,
        job: &str,
        body: &Mapping,
        jobs: &[(String, Value)],
        orbs: &BTreeSet<String>,
    ) {
        let own = jobs.iter().find(|(name, _)| name == job).map(|(_, job)| job.clone());
        let target = match (own, self.lookup("jobs", job), job.split_once('/')) {
            (Some(target), _, _) | (None, Some(target), _) => target,
            (None, None, Some((orb, _))) if self.is_foreign(job) => {
                if !orbs.contains(orb) {
                    self.find(place, &format!("the orb of `{job}` is not imported"));
                }
                return;
            }
            (None, None, _) => {
                if body.get("type").and_then(Value::as_str) != Some("approval") {
                    self.find(place, &format!("there is no job `{job}`"));
                }
                return;
            }
        };
        let parameters = declared(&target);
        let mut given = body.clone();
        let matrix = given.get("matrix").and_then(|matrix| matrix.get("parameters")).cloned();
        given.retain(|key, _| !key.as_str().is_some_and(|key| OF_WORKFLOW.contains(&key)));
        for (name, values) in matrix.as_ref().and_then(Value::as_mapping).into_iter().flatten() {
            let first = values.as_sequence().and_then(|values| values.first());
            given.insert(name.clone(), first.cloned().unwrap_or_default());
        }
        if let Some(executor) = given.get("executor").cloned() {
            self.executor(place, &executor, &Mapping::new());
        }
        for finding in check_given(&parameters, &given, &Mapping::new()) {
            self.find(place, &format!("`{job}`: {finding}"));
        }
    }
}

fn requires(body: &Mapping) -> Vec<String> {
    let entries = body.get("requires").and_then(Value::as_sequence).cloned().unwrap_or_default();
    entries.iter().map(|entry| named(entry).0.to_owned()).collect()
}

fn elements(document: &Value, section: &str) -> impl Iterator<Item = (String, Value)> {
    let map = document.get(section).and_then(Value::as_mapping).cloned().unwrap_or_default();
    map.into_iter().filter_map(|(name, body)| Some((name.as_str()?.to_owned(), body)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::pack;
    use crate::source::Source;

    fn committed() -> Source {
        Source::committed().unwrap()
    }

    fn after(path: &str, from: &str, to: &str) -> String {
        check_orb(&pack(&committed().edited(path, from, to)).unwrap()).join("\n")
    }

    #[test]
    fn the_orb_has_nothing_to_find() {
        assert_eq!(check_orb(&pack(&committed()).unwrap()), Vec::<String>::new());
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a list, one mistake a line")]
    fn each_mistake_is_found() {
        let (command, job) = ("commands/verify.yml", "jobs/verify.yml");
        let executor = "executors/default.yml";
        let found = [
            after(command, "<< parameters.wait >>", "<< parameters.weit >>"),
            after(
                command,
                "      name: << parameters.step_name >>",
                "      shell: << parameters.shell >>\n      name: << parameters.step_name >>",
            ),
            after(command, "<<include(scripts/verify.sh)>>", "verify << parameters.image >>"),
            after(command, "default: when_labelled", "default: [on]"),
            after(command, "default: DIGITALOCEAN_ACCESS_TOKEN", "default: $TOKEN"),
            after(command, "    default: false\n", "    default: \"false\"\n"),
            after(executor, "    description: The image, without a tag.\n", ""),
            after(
                job,
                "    type: executor\n    default: default",
                "    type: executor\n    default: defualt",
            ),
            after(job, "  - verify:\n", "  - verfy:\n"),
            after(job, "        - checkout\n", "        - chekout\n"),
            after(
                job,
                "      port: << parameters.port >>\n",
                "      port: << parameters.checkout >>\n",
            ),
            after(job, "      wait: << parameters.wait >>\n", ""),
            after(job, "      wait: ", "      wiat: "),
        ];
        insta::assert_snapshot!(found.join("\n---\n"), @"
        commands/verify: uses the undeclared parameter `weit`
        commands/verify: declares the parameter `wait` and does not use it
        ---
        commands/verify: uses the undeclared parameter `shell`
        ---
        commands/verify: puts the parameter `image` into shell text
        ---
        commands/verify: the default of parameter `revision` is not of type string
        jobs/verify: does not declare `revision` as the command does
        ---
        commands/verify: the default of parameter `token` is not of type env_var_name
        jobs/verify: does not declare `token` as the command does
        ---
        commands/verify: the default of parameter `pulumi_config` is not of type boolean
        jobs/verify: does not declare `pulumi_config` as the command does
        ---
        executors/default: parameter `image` has no description
        ---
        jobs/verify: there is no executor `defualt`
        ---
        jobs/verify: there is no command `verfy`
        jobs/verify: does not hand `config` on to the command
        jobs/verify: does not hand `deadline` on to the command
        jobs/verify: does not hand `deploy_name` on to the command
        jobs/verify: does not hand `digest_file` on to the command
        jobs/verify: does not hand `environment` on to the command
        jobs/verify: does not hand `expect_digest` on to the command
        jobs/verify: does not hand `image` on to the command
        jobs/verify: does not hand `platforms` on to the command
        jobs/verify: does not hand `port` on to the command
        jobs/verify: does not hand `pulumi_config` on to the command
        jobs/verify: does not hand `record_dir` on to the command
        jobs/verify: does not hand `results_dir` on to the command
        jobs/verify: does not hand `revision` on to the command
        jobs/verify: does not hand `services` on to the command
        jobs/verify: does not hand `status_dir` on to the command
        jobs/verify: does not hand `step_name` on to the command
        jobs/verify: does not hand `token` on to the command
        jobs/verify: does not hand `token_server` on to the command
        jobs/verify: does not hand `update_status` on to the command
        jobs/verify: does not hand `wait` on to the command
        ---
        jobs/verify: there is no command `chekout`
        ---
        jobs/verify: declares the parameter `port` and does not use it
        jobs/verify: command `verify`: `port` is passed on with another type
        jobs/verify: does not hand `port` on to the command
        ---
        jobs/verify: declares the parameter `wait` and does not use it
        jobs/verify: does not hand `wait` on to the command
        ---
        jobs/verify: command `verify`: the parameter `wiat` does not exist
        jobs/verify: does not hand `wait` on to the command
        ");
    }

    fn in_pipeline(from: &str, to: &str) -> String {
        let orb = pack(&committed()).unwrap();
        let text =
            Source::committed().unwrap().files["examples/verify_after_docker_publish.yml"].clone();
        assert!(text.contains(from), "{from}");
        let example: Value = serde_yaml::from_str(&text.replacen(from, to, 1)).unwrap();
        check_pipeline(&example["usage"], &orb, "verify-registry-image").join("\n")
    }

    #[test]
    fn each_mistake_in_a_pipeline_is_found() {
        let found = [
            in_pipeline("verify-registry-image/verify:", "verify-registry-image/verifi:"),
            in_pipeline("digest_file: pushed", "digestfile: pushed"),
            in_pipeline("verify-registry-image/docr", "verify-registry-image/doc"),
            in_pipeline("              repository: my-registry/verify-registry-image\n", ""),
            in_pipeline("requires: [push]", "requires: [posh]"),
            in_pipeline("attach_workspace: .", "attach_workspace: true"),
            in_pipeline("- docker/check:", "- verify-registry-image/check:"),
            in_pipeline(
                "        - push:\n            context",
                "        - pish:\n            context",
            ),
            in_pipeline(
                "        - push:\n            context",
                "        - other/push:\n            context",
            ),
        ];
        insta::assert_snapshot!(found.join("\n---\n"), @"
        workflows/develop: there is no job `verify-registry-image/verifi`
        ---
        workflows/develop: `verify-registry-image/verify`: the parameter `digestfile` does not exist
        ---
        workflows/develop: there is no executor `verify-registry-image/doc`
        ---
        workflows/develop: executor `verify-registry-image/docr`: the parameter `repository` is required and not given
        ---
        workflows/develop: `verify-registry-image/verify` requires `posh`, which is not there
        ---
        workflows/develop: `verify-registry-image/verify`: the value of `attach_workspace` is not of type string
        ---
        jobs/push: there is no command `verify-registry-image/check`
        ---
        workflows/develop: there is no job `pish`
        workflows/develop: `verify-registry-image/verify` requires `push`, which is not there
        ---
        workflows/develop: the orb of `other/push` is not imported
        workflows/develop: `verify-registry-image/verify` requires `push`, which is not there
        ");
    }

    #[test]
    fn every_example_uses_the_orb_as_it_is() {
        let orb = pack(&committed()).unwrap();
        let examples: Vec<(String, Value)> = elements(&orb, "examples").collect();
        assert_eq!(examples.len(), 5);
        for (name, example) in examples {
            let findings = check_pipeline(&example["usage"], &orb, "verify-registry-image");
            assert_eq!(findings, Vec::<String>::new(), "{name}");
        }
    }
}
