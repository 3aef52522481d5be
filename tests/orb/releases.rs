//! The scripts of the pipeline, run in a folder of their own with programs on PATH that record what they were given.
//! Nothing leaves the machine.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use tempfile::TempDir;

    use crate::source::{could_not_run, write_program};

    const VERSION: &str = env!("CARGO_PKG_VERSION");
    const DIGEST: &str = "sha256:affd86a75e820992832d55a105ff5273da83cf4e6c2be415b52b028ec7fd084b";

    /// The folders of dist, and the targets that they were built for.
    const FOLDERS: [(&str, &str); 4] = [
        ("aarch64-apple-darwin", "aarch64-apple-darwin"),
        ("arm64", "aarch64-unknown-linux-musl"),
        ("x86_64-apple-darwin", "x86_64-apple-darwin"),
        ("amd64", "x86_64-unknown-linux-musl"),
    ];

    const MADE_OF: [&str; 3] = [
        "verify-registry-image.cdx.json",
        "licenses/rust-standard-library.html",
        "licenses/third-party.txt",
    ];

    /// A checkout with the scripts and the texts that go into an archive.
    struct Checkout {
        folder: TempDir,
    }

    impl Checkout {
        fn new() -> Self {
            let checkout = Self { folder: tempfile::tempdir().unwrap() };
            fs::create_dir_all(checkout.path("bin")).unwrap();
            fs::create_dir_all(checkout.path("scripts")).unwrap();
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            for script in fs::read_dir(root.join("scripts")).unwrap() {
                let script = script.unwrap();
                if script.file_type().unwrap().is_file() {
                    let name = script.file_name().into_string().unwrap();
                    fs::copy(script.path(), checkout.path(&format!("scripts/{name}"))).unwrap();
                }
            }
            fs::create_dir_all(checkout.path("docs")).unwrap();
            let page = "docs/verify-registry-image.1";
            for name in ["LICENSE-APACHE", "LICENSE-MIT", "CHANGELOG.md", page] {
                fs::copy(root.join(name), checkout.path(name)).unwrap();
            }
            checkout
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
            fs::File::create(self.path(name)).unwrap().write_all(text.as_bytes()).unwrap();
        }

        fn program(&self, name: &str, script: &str) {
            let path = self.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            write_program(&path, script).unwrap();
        }

        /// Both binaries, telling a version, and what they are made of.
        fn built(self, version: &str) -> Self {
            for (folder, _) in FOLDERS {
                for file in MADE_OF {
                    self.write(&format!("dist/{folder}/{file}"), &format!("{file} of {folder}\n"));
                }
                self.program(
                    &format!("dist/{folder}/verify-registry-image"),
                    &format!("echo 'verify-registry-image {version}'\n"),
                );
            }
            self
        }

        /// Runs one of the scripts; its exit code, and all that it said.
        fn run(
            &self,
            script: &str,
            arguments: &[&str],
            variables: &[(&str, &str)],
        ) -> (i32, String) {
            let bin = self.path("bin").display().to_string();
            let output = Command::new("/bin/sh")
                .arg(self.path(&format!("scripts/{script}")))
                .args(arguments)
                .current_dir(self.folder.path())
                .env_clear()
                .env("PATH", format!("{bin}:/usr/bin:/bin"))
                .envs(variables.iter().copied())
                .output()
                .unwrap();
            let said = [output.stdout, output.stderr].concat();
            (output.status.code().unwrap(), String::from_utf8(said).unwrap())
        }

        fn released(&self) -> Vec<String> {
            let entries = fs::read_dir(self.path("dist/release")).into_iter().flatten();
            let mut names: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    fn has_jq() -> bool {
        let is_here = ["/usr/bin/jq", "/bin/jq"].iter().any(|path| Path::new(path).exists());
        if !is_here {
            could_not_run("the publishing scripts: `jq` is not installed");
        }
        is_here
    }

    #[test]
    fn an_archive_holds_the_binary_and_its_sum_is_the_archives() {
        let checkout = Checkout::new().built(VERSION);
        let (code, said) = checkout.run("release-archives.sh", &[VERSION], &[]);
        assert_eq!(code, 0, "{said}");
        let names =
            FOLDERS.map(|(_, target)| format!("verify-registry-image-{VERSION}-{target}.tar.gz"));
        let expected: Vec<String> =
            names.iter().flat_map(|name| [name.clone(), format!("{name}.sha256")]).collect();
        assert_eq!(checkout.released(), expected);
        for (name, (folder, _)) in names.into_iter().zip(FOLDERS) {
            let in_folder = |program: &str, arguments: &[&str]| {
                let mut command = Command::new(program);
                command.args(arguments).current_dir(checkout.path("dist/release"));
                let output = command.output().unwrap();
                assert!(output.status.success(), "{output:?}");
                String::from_utf8(output.stdout).unwrap()
            };
            in_folder("sha256sum", &["--check", "--strict", &format!("{name}.sha256")]);
            assert_eq!(
                in_folder("tar", &["-tzf", &name]),
                "verify-registry-image\nverify-registry-image.cdx.json\nlicenses/\n\
                 licenses/rust-standard-library.html\nlicenses/third-party.txt\nLICENSE-APACHE\nLICENSE-MIT\nCHANGELOG.md\nverify-registry-image.1\n\
                 completions/\ncompletions/verify-registry-image.bash\ncompletions/verify-registry-image.fish\n\
                 completions/verify-registry-image.zsh\n"
            );
            for file in MADE_OF {
                let held = in_folder("tar", &["-xzOf", &name, file]);
                assert_eq!(held, format!("{file} of {folder}\n"));
            }
        }
    }

    #[test]
    fn what_cannot_be_released_leaves_no_archive() {
        let refused = |checkout: &Checkout| {
            checkout.write("dist/release/of-an-earlier-run.tar.gz", "old");
            let (code, said) = checkout.run("release-archives.sh", &[VERSION], &[]);
            assert_ne!(code, 0, "{said}");
            assert_eq!(checkout.released(), Vec::<String>::new());
            said
        };
        let without_arm64 = Checkout::new().built(VERSION);
        fs::remove_dir_all(without_arm64.path("dist/arm64")).unwrap();
        let without_mac = Checkout::new().built(VERSION);
        fs::remove_dir_all(without_mac.path("dist/aarch64-apple-darwin")).unwrap();
        let empty = Checkout::new().built(VERSION);
        empty.write("dist/arm64/verify-registry-image", "");
        // What is archived beside it is missing: a tar that fails behind a pipe would be passed over.
        let without_license = Checkout::new().built(VERSION);
        fs::remove_file(without_license.path("LICENSE-MIT")).unwrap();
        refused(&without_license);
        for file in MADE_OF {
            let without = Checkout::new().built(VERSION);
            fs::remove_file(without.path(&format!("dist/arm64/{file}"))).unwrap();
            let said = refused(&without);
            assert!(
                said.ends_with(&format!("dist/arm64/{file} is not there, or empty\n")),
                "{said}"
            );
        }
        let said = [
            refused(&without_arm64),
            refused(&without_mac),
            refused(&empty),
            refused(&Checkout::new().built("0.0.9")),
            refused(&Checkout::new().built(&format!("{VERSION}1"))),
        ];
        let said = said.concat().replace(VERSION, "VERSION");
        insta::assert_snapshot!(said.replace("dist/amd64/verify-registry-image is verify-registry-image VERSION\n", ""), @"
        release-archives: dist/arm64/verify-registry-image is not there, or empty
        release-archives: dist/aarch64-apple-darwin/verify-registry-image is not there, or empty
        release-archives: dist/arm64/verify-registry-image is not there, or empty
        check-version: the release is VERSION, and the program tells `verify-registry-image 0.0.9`
        hint: set the version with `make version VERSION=VERSION`, then tag again
        check-version: the release is VERSION, and the program tells `verify-registry-image VERSION1`
        hint: set the version with `make version VERSION=VERSION`, then tag again
        ");
    }

    /// What Homebrew's words make of the formula, beside the archive for a Mac.
    fn by_ruby(checkout: &Checkout, formula: &str) -> String {
        let archive =
            format!("dist/release/verify-registry-image-{VERSION}-aarch64-apple-darwin.tar.gz");
        let unpacked = checkout.path("unpacked");
        fs::create_dir(&unpacked).unwrap();
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(checkout.path(&archive)).current_dir(&unpacked);
        assert!(tar.status().unwrap().success());
        let ruby = Command::new("/usr/bin/ruby")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/orb/homebrew.rb"))
            .arg(checkout.path(formula))
            .current_dir(&unpacked)
            .output()
            .unwrap();
        let told = String::from_utf8(ruby.stdout).unwrap();
        assert!(ruby.status.success(), "{told}{}", String::from_utf8_lossy(&ruby.stderr));
        told
    }

    #[test]
    fn the_formula_is_of_the_archives_of_the_release() {
        let checkout = Checkout::new().built(VERSION);
        let before = include_str!("../../Formula/verify-registry-image.rb");
        let path = "Formula/verify-registry-image.rb";
        checkout.write(path, before);
        // An older one, of which nothing may be left.
        checkout.write(path, &before.replace("0.1.0", "0.0.9").replace("00000000", "1234abcd"));
        let older = fs::read_to_string(checkout.path(path)).unwrap();
        let (code, said) = checkout.run("homebrew-formula.sh", &[VERSION], &[]);
        assert_eq!((code, said.contains("is not there")), (1, true), "{said}");
        assert_eq!(fs::read_to_string(checkout.path(path)).unwrap(), older);

        assert_eq!(checkout.run("release-archives.sh", &[VERSION], &[]).0, 0);
        let no_sum = "dist/release/verify-registry-image-9.9.9-x86_64-apple-darwin.tar.gz.sha256";
        checkout.write(no_sum, "no sum\n");
        for wrong in ["9.9.9", "v0.1.0", ""] {
            assert_ne!(checkout.run("homebrew-formula.sh", &[wrong], &[]).0, 0, "{wrong}");
            assert_eq!(fs::read_to_string(checkout.path(path)).unwrap(), older, "{wrong}");
        }

        let (code, said) = checkout.run("homebrew-formula.sh", &[VERSION], &[]);
        assert_eq!(code, 0, "{said}");
        let formula = fs::read_to_string(checkout.path(path)).unwrap();
        assert!(!formula.contains("0.0.9") && !formula.contains("1234abcd"), "{formula}");
        if !Path::new("/usr/bin/ruby").exists() {
            could_not_run("the formula for Homebrew, by Ruby: `ruby` is not installed");
            return;
        }
        let told = by_ruby(&checkout, path);
        let sum = |target: &str| {
            let name =
                format!("dist/release/verify-registry-image-{VERSION}-{target}.tar.gz.sha256");
            let line = fs::read_to_string(checkout.path(&name)).unwrap();
            (line.split(' ').next().unwrap().to_owned(), target.to_owned())
        };
        // The owner of this repository, once it is set.
        let owner = before.split("github.com/").nth(1).unwrap().split('/').next().unwrap();
        let mut shown = told.replace(VERSION, "VERSION").replace(&format!("/{owner}/"), "/OWNER/");
        for (_, target) in FOLDERS {
            let (sum, target) = sum(target);
            shown = shown.replace(&sum, &format!("SUM of {target}"));
        }
        insta::assert_snapshot!(shown, @"
        version: VERSION
        macos arm: https://github.com/OWNER/verify-registry-image/releases/download/vVERSION/verify-registry-image-VERSION-aarch64-apple-darwin.tar.gz SUM of aarch64-apple-darwin
        macos intel: https://github.com/OWNER/verify-registry-image/releases/download/vVERSION/verify-registry-image-VERSION-x86_64-apple-darwin.tar.gz SUM of x86_64-apple-darwin
        linux arm: https://github.com/OWNER/verify-registry-image/releases/download/vVERSION/verify-registry-image-VERSION-aarch64-unknown-linux-musl.tar.gz SUM of aarch64-unknown-linux-musl
        linux intel: https://github.com/OWNER/verify-registry-image/releases/download/vVERSION/verify-registry-image-VERSION-x86_64-unknown-linux-musl.tar.gz SUM of x86_64-unknown-linux-musl
        installs verify-registry-image
        installs verify-registry-image.1
        installs completions/verify-registry-image.bash
        installs completions/verify-registry-image.fish
        installs completions/verify-registry-image.zsh
        installs verify-registry-image.cdx.json
        installs licenses
        ");
    }

    #[test]
    fn a_crate_is_built_for_the_binary_where_its_file_is_in_the_targets_folder() {
        let checkout = Checkout::new();
        let artifact = |id: &str, file: &str| {
            format!(
                "{{\"reason\":\"compiler-artifact\",\"package_id\":\"{id}\",\"filenames\":[\"/t/{file}\"]}}\n"
            )
        };
        let messages = [
            artifact("registry+https://example.org/index#ring@0.17.14", "x-musl/release/deps/libring.rlib"),
            artifact("registry+https://example.org/index#zstd-sys@2.1.3+zstd.1.5.7", "x-musl/release/deps/libz.rlib"),
            // A macro, and a build script that wrote into the target's folder.
            artifact("registry+https://example.org/index#syn@3.0.10", "release/deps/libsyn.rlib"),
            "{\"reason\":\"build-script-executed\",\"package_id\":\"a#b@1.0.0\",\"out_dir\":\"/t/x-musl/release/build\"}\n".into(),
            artifact("path+file:///home/a/verify-registry-image#0.1.0", "x-musl/release/verify-registry-image"),
        ];
        let list = |messages: &str| {
            checkout.write("messages", messages);
            let script = checkout.path("scripts/built-crates.sh").display().to_string();
            let mut command = Command::new("/bin/sh");
            command.args(["-c", "sh \"$0\" x-musl < messages", &script]);
            let output = command.current_dir(checkout.folder.path()).output().unwrap();
            (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
        };
        let expected = "ring 0.17.14\nverify-registry-image 0.1.0\nzstd-sys 2.1.3+zstd.1.5.7\n";
        assert_eq!(list(&messages.concat()), (0, expected.to_owned()));
        // The same in a folder of another name.
        let elsewhere = messages
            .concat()
            .replace("verify-registry-image#0.1.0", "ship#verify-registry-image@0.1.0");
        assert_eq!(list(&elsewhere), (0, expected.to_owned()));
        assert_eq!(list(&messages[2]), (1, String::new()));
    }

    #[test]
    fn a_binary_is_tried_by_its_name_and_by_an_answer_that_it_could_not_find_out() {
        for (version, code, expected) in [
            ("verify-registry-image 0.1.0", 3, 0),
            ("verify-registry-image 0.1.0", 0, 1),
            ("verify-registry-image 0.1.0", 2, 1),
            ("another 0.1.0", 3, 1),
        ] {
            let checkout = Checkout::new();
            let script = format!(
                "[ \"$1\" != --version ] || {{ echo '{version}'; exit 0; }}\nexit {code}\n"
            );
            checkout.program("binary", &script);
            let binary = checkout.path("binary").display().to_string();
            let (ended, said) = checkout.run("try-binary.sh", &[&binary], &[]);
            assert_eq!(ended, expected, "{version}, {code}: {said}");
        }
        let checkout = Checkout::new();
        let (code, said) =
            checkout.run("try-binary.sh", &[env!("CARGO_BIN_EXE_verify-registry-image")], &[]);
        assert_eq!(code, 0, "{said}");
    }

    #[test]
    fn a_binary_that_holds_a_path_of_its_build_is_refused_and_one_that_holds_a_like_word_is_not() {
        let checkout = Checkout::new();
        checkout.write("b/src/main.rs", "");
        let built_in = checkout.path("b").display().to_string();
        let checked = |text: &str| {
            checkout.write("binary", text);
            checkout.run("check-binary.sh", &["binary", &built_in, "/src"], &[("HOME", "/nowhere")])
        };
        assert_eq!(checked(&format!("a word\0{built_in}in\0/src/src/main.rs")).0, 0);
        let (code, said) = checked(&format!("a word\0before{built_in}/src/main.rs\0"));
        assert_eq!(
            (code, said.contains("a path of the machine that built it")),
            (1, true),
            "{said}"
        );
        assert_eq!(checked("/lib/ld-musl-x86_64.so.1").0, 1);
        assert_eq!(checked("").0, 1);
    }

    #[test]
    fn a_linter_that_is_missing_fails_the_pipeline_and_elsewhere_is_said() {
        let linted = |ci: &str| {
            let checkout = Checkout::new();
            checkout.write("orb/src/@orb.yml", "home_url: https://github.com/OWNER/it\n");
            for tool in ["sh", "dirname", "mkdir", "rm", "grep"] {
                let found = ["/usr/bin", "/bin"].map(|bin| Path::new(bin).join(tool));
                let found = found.iter().find(|path| path.exists()).unwrap();
                std::os::unix::fs::symlink(found, checkout.path(&format!("bin/{tool}"))).unwrap();
            }
            let path = checkout.path("bin").display().to_string();
            checkout.run("lint-orb.sh", &[], &[("CI", ci), ("PATH", &path)])
        };
        let (code, said) = linted("true");
        assert_eq!((code, said.matches("COULD NOT RUN").count()), (1, 4), "{said}");
        let (code, said) = linted("");
        assert_eq!((code, said.matches("COULD NOT RUN").count()), (0, 4), "{said}");
    }

    #[test]
    fn a_tag_is_released_only_from_the_version_that_it_names() {
        let checkout = Checkout::new().built("0.1.0 (3f1c9d2a7b60)");
        assert_eq!(checkout.run("check-version.sh", &["0.1.0"], &[]).0, 0);
        for other in ["0.1", "0.1.1", "v0.1.0", "0.1.0-rc.1", ""] {
            let (code, said) = checkout.run("check-version.sh", &[other], &[]);
            assert_eq!(code, 1, "{other}: {said}");
        }
        assert_eq!(checkout.run("check-version.sh", &[], &[]).0, 2);
    }

    #[test]
    fn only_a_gate_that_ends_with_1_has_failed_as_it_must() {
        for (exit, expected) in [(0, 1), (1, 0), (2, 1), (3, 1), (4, 1), (5, 1), (127, 1)] {
            let checkout = Checkout::new();
            checkout.program(
                "bin/verify-registry-image",
                &format!("echo \"$*\" > asked\nexit {exit}\n"),
            );
            let variables = [("IMAGE_REPOSITORY", "my-registry/gate"), ("CIRCLE_SHA1", "0123abc")];
            let (code, said) = checkout.run("must-fail.sh", &[], &variables);
            assert_eq!(code, expected, "{exit}: {said}");
            let asked = fs::read_to_string(checkout.path("asked")).unwrap();
            assert_eq!(asked, "registry.digitalocean.com/my-registry/gate:no-such-tag-0123abc\n");
        }
    }

    /// A docker that notes its arguments, swallows passwords, and tells the digest of what it made; before that, of
    /// each target that is there already.
    fn docker(checkout: &Checkout, made: &str, there: &str) {
        checkout.program(
            "bin/docker",
            &format!(
                "echo \"docker $*\" >> calls\nfor target; do :; done\ncase $* in\n\
                 *imagetools\\ create*) echo \"$5\" >> made ;;\n\
                 *inspect*) if /bin/grep -qxF -- \"$target\" made 2>/dev/null; then echo '{{\"digest\":\"{made}\"}}'\n\
                 elif [ -n '{there}' ]; then echo '{{\"digest\":\"{there}\"}}'\n\
                 else echo \"ERROR: $target: not found\" >&2; exit 1; fi ;;\n\
                 login*) /bin/cat >> passwords ;;\nesac\n"
            ),
        );
    }

    /// A record of the gate for an image of this repository.
    fn record(repository: &str) -> String {
        let image = format!("registry.digitalocean.com/{repository}");
        format!(
            "{{\"image\": {{\"pinned\": \"{image}@{DIGEST}\", \"digest\": \"{DIGEST}\", \
             \"pinned_with_tag\": \"{image}:{VERSION}@{DIGEST}\"}}}}"
        )
    }

    const PUBLISHING: [(&str, &str); 5] = [
        ("IMAGE_REPOSITORY", "my-registry/gate"),
        ("PUBLIC_IMAGE", "ghcr.io/acme/gate"),
        ("DIGITALOCEAN_ACCESS_TOKEN", "dop_v1_secret"),
        ("PUBLIC_REGISTRY_USER", "robot"),
        ("PUBLIC_REGISTRY_TOKEN", "ghp_secret"),
    ];

    #[test]
    fn the_public_image_is_a_copy_of_the_one_that_was_gated() {
        if !has_jq() {
            return;
        }
        let checkout = Checkout::new();
        docker(&checkout, DIGEST, "");
        checkout.write("gated/record.json", &record("my-registry/gate"));
        let (code, said) = checkout.run("publish-image.sh", &["1.2.3"], &PUBLISHING);
        assert_eq!(code, 0, "{said}");
        let calls = fs::read_to_string(checkout.path("calls")).unwrap();
        assert!(!calls.contains("secret"), "{calls}");
        insta::assert_snapshot!(calls.replace(DIGEST, "DIGEST"), @"
        docker login registry.digitalocean.com --username docr --password-stdin
        docker login ghcr.io --username robot --password-stdin
        docker buildx imagetools inspect --format {{json .Manifest}} registry.digitalocean.com/my-registry/gate:1.2.3
        docker buildx imagetools inspect --format {{json .Manifest}} ghcr.io/acme/gate:1.2.3
        docker buildx imagetools create --tag registry.digitalocean.com/my-registry/gate:1.2.3 registry.digitalocean.com/my-registry/gate@DIGEST
        docker buildx imagetools inspect --format {{json .Manifest}} registry.digitalocean.com/my-registry/gate:1.2.3
        docker buildx imagetools create --tag ghcr.io/acme/gate:1.2.3 registry.digitalocean.com/my-registry/gate@DIGEST
        docker buildx imagetools inspect --format {{json .Manifest}} ghcr.io/acme/gate:1.2.3
        ");
        let left = fs::read_to_string(checkout.path("published/digest")).unwrap();
        assert_eq!(left, format!("{DIGEST}\n"));
    }

    #[test]
    fn a_version_that_is_out_is_not_replaced_by_another_image() {
        if !has_jq() {
            return;
        }
        let publish = |there: &str| {
            let checkout = Checkout::new();
            docker(&checkout, DIGEST, there);
            checkout.write("gated/record.json", &record("my-registry/gate"));
            let (code, said) = checkout.run("publish-image.sh", &["1.2.3"], &PUBLISHING);
            let is_made = checkout.path("made").exists();
            (code, is_made, said.replace(there, "ANOTHER").replace(DIGEST, "DIGEST"))
        };
        let (code, is_made, said) = publish(&DIGEST.replace('a', "b"));
        assert_eq!((code, is_made), (1, false), "{said}");
        insta::assert_snapshot!(said, @"
        publish-image: registry.digitalocean.com/my-registry/gate:1.2.3 is there already, as ANOTHER, and DIGEST was gated
        hint: raise the version and tag anew; after a release that failed halfway, remove that tag first
        ");
        // The rerun of a release that failed behind it.
        let (code, is_made, said) = publish(DIGEST);
        assert_eq!((code, is_made), (0, true), "{said}");
    }

    #[test]
    fn a_look_up_that_fails_publishes_nothing() {
        if !has_jq() {
            return;
        }
        let digitalocean = "registry.digitalocean.com/my-registry/gate:1.2.3";
        for (answer, is_free) in [
            (format!("echo 'ERROR: {digitalocean}: not found' >&2; exit 1"), true),
            (format!("echo 'ERROR: failed to resolve: {digitalocean}: not found' >&2; exit 1"), true),
            ("echo 'ERROR: unexpected status from HEAD request: 503 Service Unavailable' >&2; exit 1".to_owned(), false),
            ("echo 'ERROR: failed to do request: dial tcp: lookup registry: no such host' >&2; exit 1".to_owned(), false),
            ("echo 'ERROR: docker-credential-x: executable file not found in $PATH' >&2; exit 1".to_owned(), false),
            ("echo 'ERROR: failed to authorize: 401 Unauthorized' >&2; exit 1".to_owned(), false),
            ("echo 'ERROR: another/gate:1.2.3: not found' >&2; exit 1".to_owned(), false),
            ("exit 137".to_owned(), false),
            ("exit 0".to_owned(), false),
            ("echo '{}'".to_owned(), false),
            ("echo null".to_owned(), false),
        ] {
            let checkout = Checkout::new();
            docker(&checkout, DIGEST, "");
            // The first look-up, of DigitalOcean's registry; that of the public one finds nothing.
            let honest = fs::read_to_string(checkout.path("bin/docker")).unwrap();
            let honest = honest.strip_prefix("#!/bin/sh\n").unwrap();
            let lie = format!(
                "for target; do :; done\ncase $* in *inspect*{digitalocean}) [ -f made ] || {{ {answer}; exit; }} ;; esac\n{honest}"
            );
            checkout.program("bin/docker", &lie);
            checkout.write("gated/record.json", &record("my-registry/gate"));
            let (code, said) = checkout.run("publish-image.sh", &["1.2.3"], &PUBLISHING);
            assert_eq!(code == 0, is_free, "{answer}: {said}");
            assert_eq!(checkout.path("made").exists(), is_free, "{answer}: {said}");
            let is_said = said.contains("could not find out whether registry.digitalocean.com/");
            assert_eq!(is_said, !is_free, "{answer}: {said}");
        }
    }

    #[test]
    fn the_tag_of_the_commit_holds_both_architectures_as_they_were_pushed() {
        let checkout = Checkout::new();
        docker(&checkout, DIGEST, "");
        checkout.write("pushed/amd64", "sha256:aa\n");
        checkout.write("pushed/arm64", "sha256:bb\n");
        let variables = [&PUBLISHING[..], &[("CIRCLE_SHA1", "0123abc")]].concat();
        let (code, said) = checkout.run("tag-image.sh", &[], &variables);
        assert_eq!(code, 0, "{said}");
        insta::assert_snapshot!(fs::read_to_string(checkout.path("calls")).unwrap(), @"
        docker login registry.digitalocean.com --username docr --password-stdin
        docker buildx imagetools create --tag registry.digitalocean.com/my-registry/gate:0123abc registry.digitalocean.com/my-registry/gate@sha256:aa registry.digitalocean.com/my-registry/gate@sha256:bb
        ");
        fs::remove_file(checkout.path("pushed/arm64")).unwrap();
        assert_ne!(checkout.run("tag-image.sh", &[], &variables).0, 0);
    }

    #[test]
    fn an_image_that_does_not_run_is_not_pushed() {
        if !has_jq() {
            return;
        }
        let push = |exit: u8| {
            let checkout = Checkout::new();
            checkout.program(
                "bin/docker",
                &format!(
                    "echo \"docker $*\" >> calls\ncase $* in login*) /bin/cat >> passwords ;; run*) exit {exit} ;; esac\n"
                ),
            );
            checkout.write("arm64.json", "{\"containerimage.digest\": \"sha256:aa\"}");
            let own = [("ARCH", "arm64"), ("CIRCLE_SHA1", "0123abc"), ("CIRCLE_TAG", "v1.2.3")];
            let variables = [&PUBLISHING[..], &own].concat();
            let (code, said) = checkout.run("push-image.sh", &[], &variables);
            let calls = fs::read_to_string(checkout.path("calls")).unwrap();
            assert!(!calls.contains("secret"), "{calls}");
            (code, calls, fs::read_to_string(checkout.path("pushed/arm64")).ok(), said)
        };
        let (code, calls, left, said) = push(0);
        assert_eq!((code, left.as_deref()), (0, Some("sha256:aa\n")), "{said}");
        insta::assert_snapshot!(calls, @"
        docker login registry.digitalocean.com --username docr --password-stdin
        docker buildx create --use
        docker buildx build --platform linux/arm64 --build-arg BINARY=prebuilt --build-arg REVISION=0123abc --build-arg VERSION=1.2.3 --provenance=false --load --tag gate:tried .
        docker run --rm gate:tried --version
        docker buildx build --platform linux/arm64 --build-arg BINARY=prebuilt --build-arg REVISION=0123abc --build-arg VERSION=1.2.3 --provenance=mode=max --sbom=true --output type=image,name=registry.digitalocean.com/my-registry/gate,push-by-digest=true,name-canonical=true,push=true --metadata-file arm64.json .
        ");
        let (code, calls, left, _) = push(1);
        assert_eq!((code, left), (1, None));
        assert!(!calls.contains("push=true"), "{calls}");
    }

    #[test]
    fn without_the_gates_record_of_that_very_image_nothing_is_published() {
        if !has_jq() {
            return;
        }
        let of_another = record("my-registry/another");
        let of_no_digest = record("my-registry/gate").replace("\"digest\"", "\"no\"");
        for record in [None, Some(of_another.as_str()), Some(of_no_digest.as_str()), Some("{}")] {
            let checkout = Checkout::new();
            docker(&checkout, DIGEST, "");
            if let Some(record) = record {
                checkout.write("gated/record.json", record);
            }
            let (code, said) = checkout.run("publish-image.sh", &["1.2.3"], &PUBLISHING);
            assert_ne!(code, 0, "{record:?}: {said}");
            assert!(!checkout.path("calls").exists(), "{record:?}: docker was called");
        }
        // And a copy that is not the same bytes ends it before the release.
        let checkout = Checkout::new();
        docker(&checkout, &DIGEST.replace('a', "b"), "");
        checkout.write("gated/record.json", &record("my-registry/gate"));
        let (code, said) = checkout.run("publish-image.sh", &["1.2.3"], &PUBLISHING);
        assert_eq!(code, 1, "{said}");
        assert!(!checkout.path("published").exists());
    }

    #[test]
    fn a_release_names_the_image_by_its_digest_and_the_archives_by_their_sums() {
        if !has_jq() {
            return;
        }
        let checkout = Checkout::new().built(VERSION);
        assert_eq!(checkout.run("release-archives.sh", &[VERSION], &[]).0, 0);
        checkout.write("public/record.json", &record("my-registry/gate"));
        checkout.program(
            "bin/curl",
            "/bin/cat > /dev/null\nfor word; do case $word in @dist/release.json) /bin/cat dist/release.json > sent ;; esac; done\n\
             echo '{\"id\": 7, \"browser_download_url\": \"u\", \"html_url\": \"h\"}'\n",
        );
        let variables = [
            ("GITHUB_TOKEN", "ghp_secret"),
            ("CIRCLE_PROJECT_USERNAME", "acme"),
            ("CIRCLE_PROJECT_REPONAME", "gate"),
        ];
        let tag = format!("v{VERSION}");
        let (code, said) = checkout.run("publish-release.sh", &[&tag], &variables);
        assert_eq!(code, 0, "{said}");
        let sent = fs::read_to_string(checkout.path("sent")).unwrap();
        let sent: serde_json::Value = serde_json::from_str(&sent).unwrap();
        let text = sent["body"].as_str().unwrap();
        let sums: String = checkout
            .released()
            .iter()
            .filter(|name| name.ends_with(".sha256"))
            .map(|name| fs::read_to_string(checkout.path(&format!("dist/release/{name}"))).unwrap())
            .flat_map(|line| ["    ".to_owned(), line])
            .collect();
        assert_eq!(
            text.trim_end(),
            format!(
                "The image, verified in its registry after it was pushed:\n\n    \
                 registry.digitalocean.com/my-registry/gate:{VERSION}@{DIGEST}\n\n\
                 The archives, with their SHA-256:\n\n{}",
                sums.trim_end()
            )
        );
        // Without the gate's record there is no release, not even a draft.
        fs::remove_file(checkout.path("public/record.json")).unwrap();
        fs::remove_file(checkout.path("sent")).unwrap();
        assert_ne!(checkout.run("publish-release.sh", &[&tag], &variables).0, 0);
        assert!(!checkout.path("sent").exists());
    }
}
