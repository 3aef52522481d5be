//! The old command, `skills/verify-registry-image.sh`, with a program and a docker on PATH that record what they
//! were given. This tries the wrapper; with a real engine it is tried in tests/container.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};

    use tempfile::TempDir;

    use crate::source::write_program;

    struct Machine {
        folder: TempDir,
    }

    impl Machine {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            for name in ["bin", "home", "repository", "repository/service"] {
                fs::create_dir(folder.path().join(name)).unwrap();
            }
            let machine = Self { folder };
            for tool in ["sed", "env", "id", "uname", "grep"] {
                std::os::unix::fs::symlink(
                    format!("/usr/bin/{tool}"),
                    machine.path(&format!("bin/{tool}")),
                )
                .unwrap();
            }
            machine.program("git", "echo \"$PWD\" | sed 's|/service$||'\n");
            machine
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().canonicalize().unwrap().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
            fs::File::create(self.path(name)).unwrap().write_all(text.as_bytes()).unwrap();
        }

        fn program(&self, name: &str, script: &str) {
            write_program(&self.path(&format!("bin/{name}")), script).unwrap();
        }

        /// A program that shows its arguments, one a line, and ends with this code.
        fn recorder(&self, name: &str, exit: u8) {
            self.program(
                name,
                &format!("for word; do echo \"{name}: $word\"; done\nexit {exit}\n"),
            );
        }

        fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
            let script =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("skills/verify-registry-image.sh");
            let output: Output = Command::new("/bin/sh")
                .arg(script)
                .args(arguments)
                .current_dir(self.path("repository/service"))
                .env_clear()
                .env("PATH", self.path("bin"))
                .env("HOME", self.path("home"))
                .envs(variables.iter().copied())
                .output()
                .unwrap();
            let text =
                [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
            let root = self.path("").display().to_string();
            let shown = text
                .concat()
                .replace(&root, "/machine/")
                .replace(&format!("{}/", env!("CARGO_MANIFEST_DIR")), "");
            (output.status.code().unwrap(), shown)
        }
    }

    #[test]
    fn the_program_on_path_is_taken_with_its_arguments_and_exit_code() {
        for exit in [0, 1, 2, 3, 4, 5] {
            let machine = Machine::new();
            machine.recorder("verify-registry-image", exit);
            machine.recorder("docker", 9);
            let (code, shown) = machine.run(&["latest dev", "--update-status"], &[]);
            assert_eq!(code, i32::from(exit));
            assert_eq!(
                shown,
                "verify-registry-image: latest dev\nverify-registry-image: --update-status\n"
            );
        }
    }

    #[test]
    fn else_the_image_runs_with_the_token_by_name_and_the_callers_uid() {
        let machine = Machine::new();
        machine.recorder("docker", 1);
        machine.write("home/.config/doctl/config.yaml", "access-token: secret\n");
        let variables =
            [("DIGITALOCEAN_ACCESS_TOKEN", "dop_v1_secret"), ("VERIFY_REGISTRY_IMAGE_WAIT", "90s")];
        let (code, shown) = machine.run(&["latest $(id)", "--update-status"], &variables);
        assert_eq!(code, 1);
        assert!(!shown.contains("secret"), "{shown}");
        let id = |flag: &str| {
            let output = Command::new("id").arg(flag).output().unwrap().stdout;
            String::from_utf8(output).unwrap().trim().to_owned()
        };
        let shown =
            shown.replace(&format!("\ndocker: {}:{}\n", id("-u"), id("-g")), "\ndocker: UID:GID\n");
        let words: Vec<&str> = shown
            .lines()
            .map(|line| line.trim_start_matches("docker: "))
            // Whoever owns the project names its public image.
            .map(|word| if word.starts_with("ghcr.io/") { "THE PUBLIC IMAGE" } else { word })
            .filter(|word| *word != "--env" && !word.starts_with("CIRCLE_"))
            .collect();
        insta::assert_snapshot!(words.join("\n"), @"
        run
        DIGITALOCEAN_ACCESS_TOKEN
        DIGITALOCEAN_CONTEXT
        DIGITALOCEAN_API_URL
        DIGITALOCEAN_REGISTRY_HOST
        HTTPS_PROXY
        NO_PROXY
        https_proxy
        no_proxy
        NO_COLOR
        CIRCLECI_API_URL
        VERIFY_REGISTRY_IMAGE_WAIT
        XDG_CONFIG_HOME=/config
        --mount
        type=bind,source=/machine/home/.config/doctl/config.yaml,target=/config/doctl/config.yaml,readonly
        --rm
        --read-only
        --cap-drop
        ALL
        --security-opt
        no-new-privileges
        --user
        UID:GID
        --mount
        type=bind,source=/machine/repository,target=/machine/repository
        --workdir
        /machine/repository/service
        THE PUBLIC IMAGE
        latest $(id)
        --update-status
        ");
    }

    #[test]
    fn doctls_file_is_taken_from_where_the_host_keeps_it() {
        let mounted = |system: &str, file: &str, variables: &[(&str, &str)]| {
            let machine = Machine::new();
            machine.recorder("docker", 0);
            machine.write(&format!("bin/{file}"), "access-token: secret\n");
            fs::remove_file(machine.path("bin/uname")).unwrap();
            machine.program("uname", &format!("echo {system}\n"));
            let owned: Vec<(&str, String)> = variables
                .iter()
                .map(|(name, value)| (*name, machine.path(value).display().to_string()))
                .collect();
            let mut all: Vec<(&str, &str)> =
                owned.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let home = machine.path("bin").display().to_string();
            all.push(("HOME", &home));
            let (_, shown) = machine.run(&["dev"], &all);
            shown
                .lines()
                .find(|line| line.contains("doctl") || line.contains("own.yaml"))
                .unwrap_or_default()
                .to_owned()
        };
        let mac = "Library/Application Support/doctl/config.yaml";
        let target = "target=/config/doctl/config.yaml,readonly";
        assert_eq!(
            mounted("Darwin", mac, &[]),
            format!("docker: type=bind,source=/machine/bin/{mac},{target}")
        );
        assert_eq!(
            mounted("Linux", "xdg/doctl/config.yaml", &[("XDG_CONFIG_HOME", "bin/xdg")]),
            format!("docker: type=bind,source=/machine/bin/xdg/doctl/config.yaml,{target}")
        );
        assert_eq!(
            mounted("Linux", "own.yaml", &[("DIGITALOCEAN_CONFIG", "bin/own.yaml")]),
            format!("docker: type=bind,source=/machine/bin/own.yaml,{target}")
        );
        assert_eq!(mounted("Linux", "other.yaml", &[]), "");
    }

    #[test]
    fn doctls_file_may_be_named_from_the_working_folder() {
        let machine = Machine::new();
        machine.recorder("docker", 0);
        machine.write("repository/own.yaml", "access-token: secret\n");
        let (_, shown) = machine.run(&["dev"], &[("DIGITALOCEAN_CONFIG", "../own.yaml")]);
        let mount = shown.lines().find(|line| line.contains("own.yaml"));
        let source = "/machine/repository/service/../own.yaml";
        let target = "/config/doctl/config.yaml";
        let expected = format!("docker: type=bind,source={source},target={target},readonly");
        assert_eq!(mount, Some(expected.as_str()));
    }

    #[test]
    fn standard_input_reaches_the_program_only_where_it_is_asked_for() {
        let machine = Machine::new();
        machine.recorder("docker", 0);
        let is_interactive = |arguments: &[&str]| {
            machine.run(arguments, &[]).1.lines().any(|line| line == "docker: --interactive")
        };
        assert!(is_interactive(&["-"]));
        assert!(is_interactive(&["-", "--jobs", "4"]));
        assert!(!is_interactive(&["latest-dev"]));
    }

    #[test]
    fn the_variable_that_holds_the_token_goes_by_its_name_however_it_is_named() {
        let forwarded = |arguments: &[&str], variables: &[(&str, &str)]| {
            let machine = Machine::new();
            machine.recorder("docker", 0);
            let (_, shown) =
                machine.run(arguments, &[&[("OTHER_TOKEN", "s3cret")], variables].concat());
            assert!(!shown.contains("s3cret"), "{shown}");
            let words: Vec<&str> =
                shown.lines().map(|line| line.trim_start_matches("docker: ")).collect();
            words.windows(2).any(|pair| pair == ["--env", "OTHER_TOKEN"])
        };
        assert!(forwarded(&["dev", "--token-env", "OTHER_TOKEN"], &[]));
        assert!(forwarded(&["dev", "--token-env=OTHER_TOKEN"], &[]));
        assert!(forwarded(&["dev"], &[("VERIFY_REGISTRY_IMAGE_TOKEN_ENV", "OTHER_TOKEN")]));
        assert!(!forwarded(&["dev"], &[]));
        // One that an IMAGE names, in both forms.
        assert!(forwarded(&["api:$OTHER_TOKEN-x"], &[]));
        assert!(forwarded(&["${OTHER_TOKEN}", "--wait", "90s"], &[]));
        assert!(!forwarded(&["OTHER_TOKEN"], &[]));
    }

    #[test]
    fn what_is_no_name_of_a_variable_is_not_handed_to_docker() {
        let machine = Machine::new();
        machine.recorder("docker", 0);
        let (_, shown) = machine.run(&["dev", "--token-env", "OTHER=s3cret --privileged"], &[]);
        let words: Vec<&str> = shown.lines().collect();
        let handed = words.iter().filter(|word| word.contains("s3cret")).count();
        // Only behind the image, where the program refuses it.
        assert!(handed == 1 && words.last().unwrap().contains("s3cret"), "{shown}");
        assert!(!words.contains(&"docker: --privileged"), "{shown}");
    }

    #[test]
    fn files_that_variables_name_are_brought_along_or_refused() {
        let machine = Machine::new();
        machine.recorder("docker", 0);
        machine.write("login/config.json", "{}");
        machine.write("ca, \"own\".pem", "");
        let (login, ca) = (machine.path("login"), machine.path("ca, \"own\".pem"));
        let (login, ca) = (login.display().to_string(), ca.display().to_string());
        let (code, shown) =
            machine.run(&["dev"], &[("DOCKER_CONFIG", &login), ("SSL_CERT_FILE", &ca)]);
        let brought = shown.lines().filter(|line| {
            ["DOCKER_CONFIG", "SSL_CERT_FILE", "readonly"].iter().any(|word| line.contains(word))
        });
        let brought = brought.collect::<Vec<_>>().join("\n");
        let nowhere = machine.run(&["dev"], &[("SSL_CERT_FILE", "/nowhere.pem")]);
        let no_config = machine.run(&["dev"], &[("DIGITALOCEAN_CONFIG", "/nowhere.yaml")]);
        assert_eq!(
            no_config,
            (2, "error: DIGITALOCEAN_CONFIG is `/nowhere.yaml`, which cannot be read\n".to_owned())
        );
        machine.write("repository/service/ca.pem", "");
        let (_, relative) = machine.run(&["dev"], &[("SSL_CERT_FILE", "ca.pem")]);
        assert!(
            relative.contains("source=/machine/repository/service/ca.pem,target"),
            "{relative}"
        );
        // Without the file in it there is no login, in the container as outside.
        let without = machine.run(&["dev"], &[("DOCKER_CONFIG", "/nowhere")]);
        assert!(without.0 == 0 && !without.1.contains("DOCKER_CONFIG"), "{without:?}");
        insta::assert_snapshot!(format!("{code}\n{brought}\n{nowhere:?}"), @r#"
        0
        docker: DOCKER_CONFIG=/docker
        docker: type=bind,source=/machine/login/config.json,target=/docker/config.json,readonly
        docker: SSL_CERT_FILE=/certificates.pem
        docker: type=bind,"source=/machine/ca, ""own"".pem",target=/certificates.pem,readonly
        (2, "error: SSL_CERT_FILE is `/nowhere.pem`, which cannot be read\n")
        "#);
    }

    #[test]
    fn a_stand_in_on_this_machine_is_reached_through_its_own_network() {
        let machine = Machine::new();
        machine.recorder("docker", 0);
        let network = |variables: &[(&str, &str)]| {
            let (_, shown) = machine.run(&["dev"], variables);
            shown.contains("docker: --network\ndocker: host\n")
        };
        assert!(network(&[("DIGITALOCEAN_API_URL", "http://127.0.0.1:1")]));
        assert!(!network(&[]));
    }

    #[test]
    fn circlecis_token_goes_along_only_where_circleci_is_asked() {
        let machine = Machine::new();
        machine.recorder("docker", 1);
        let variables =
            [("CIRCLE_TOKEN", "s3cret-of-nobody"), ("CIRCLECI_API_URL", "http://127.0.0.1:1")];
        let given = |line: &[&str]| {
            let (_, shown) = machine.run(line, &variables);
            assert!(!shown.contains("s3cret"), "{shown}");
            assert!(shown.contains("docker: CIRCLECI_API_URL\n"), "{shown}");
            assert!(
                line.iter().all(|word| shown.contains(&format!("docker: {word}\n"))),
                "{shown}"
            );
            shown.contains("docker: CIRCLE_TOKEN\n")
        };
        assert!(!given(&["dev"]));
        assert!(given(&["dev", "--update-status", "--diagnose", "--start-pipeline"]));
    }

    #[test]
    fn a_repository_whose_path_holds_a_comma_is_mounted_whole() {
        let machine = Machine::new();
        machine.recorder("docker", 0);
        machine.program("git", "echo '/srv/a,b \"c\"'\n");
        let (_, shown) = machine.run(&["dev"], &[]);
        let mount = shown.lines().find(|line| line.contains("/srv/")).unwrap();
        assert_eq!(mount, r#"docker: type=bind,"source=/srv/a,b ""c""","target=/srv/a,b ""c""""#);
    }

    #[test]
    fn a_tag_that_is_missing_or_empty_is_never_another_question() {
        let machine = Machine::new();
        machine.recorder("verify-registry-image", 0);
        machine.recorder("docker", 0);
        let lines: [&[&str]; 6] =
            [&[], &["--update-status"], &[""], &[" \t"], &["", "--update-status"], &["-q", "dev"]];
        for line in lines {
            let (code, shown) = machine.run(line, &[("VERIFY_REGISTRY_IMAGE_IMAGES", "dev")]);
            assert_eq!(code, 2, "{line:?}");
            assert!(shown.contains("TAG") && !shown.contains("verify-registry-image:"), "{shown}");
        }
        let good: [&[&str]; 4] = [&["dev"], &["-", "-q"], &["--version"], &["--help"]];
        for line in good {
            assert_eq!(machine.run(line, &[]).0, 0, "{line:?}");
        }
    }

    #[test]
    fn what_is_missing_is_said_and_never_green() {
        let machine = Machine::new();
        let without_anything = machine.run(&["dev"], &[]);
        machine.recorder("verify-registry-image", 0);
        let without_a_tag = machine.run(&[], &[]);
        insta::assert_snapshot!(
            format!("{without_anything:?}\n{without_a_tag:?}").replace("\\n", "\n"), @r#"
        (2, "error: neither verify-registry-image nor docker is on PATH
        hint: install the program from a release archive, or start docker
        ")
        (2, "usage: skills/verify-registry-image.sh TAG [--update-status] [--diagnose [--start-pipeline]]
        ")
        "#);
    }
}
