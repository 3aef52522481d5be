//! The stable reason codes, each with its meaning and what to do: the README's troubleshooting table.

use crate::codes::codes;

codes! {
    /// Why a check failed or errored.
    Reason;
    /// A proven no: the tag.
    TagMissing = "tag-missing", "The registry answers, and has no such tag.",
        "Check that the push job is part of this workflow and did not fail, then re-run the pipeline on the branch that pushes.";
    /// A proven no: the repository.
    RepositoryMissing = "repository-missing", "The repository does not exist, or is not visible with these credentials.",
        "Compare the repository's name with the push job's; the first push creates it.";
    /// A proven no: DigitalOcean's registry.
    RegistryUnknown = "registry-unknown", "The token's team has no registry of this name.",
        "Compare the registry's name with the ones that this token has, or use a token of the team that owns it.";
    /// A proven no: a manifest by digest.
    ManifestMissing = "manifest-missing", "A manifest that the image consists of is gone.",
        "Push the image again, and check whether a garbage collection or a clean-up job removed untagged manifests.";
    /// A proven no: the tag's own manifest by its digest.
    DigestNotServed = "digest-not-served", "The registry serves the tag and denies the digest that the tag names, which is what engines pull.",
        "Push the image again; check that no policy of the registry blocks it, and that no proxy in between serves an outdated tag.";
    /// A proven no: not an image.
    NotAnImage = "not-an-image", "The tag names something other than a runnable container image.",
        "Check which job pushes to this tag: it holds a chart, a signature, an empty index or a broken image.";
    /// A proven no: other bytes than a digest promises.
    ContentDiffers = "content-differs", "A manifest or config is stored with other bytes than its digest promises, so that no engine takes it.",
        "Build without cache and push the image again; if it persists, ask the registry's operator: its storage is damaged.";
    /// A proven no: another image than the one that was pushed.
    DigestDiffers = "digest-differs", "The tag is there and names another image than the expected digest.",
        "Another job has pushed this tag since, or the push went elsewhere; compare the two digests.";
    /// A proven no: another commit.
    RevisionDiffers = "revision-differs", "The image says that it was built from another commit: the tag was not moved, or the label is its base image's.",
        "Check that this commit's push job ran, and set the label in the build so that it is not inherited from the base image.";
    /// A proven no: no label where one is required.
    RevisionLabelMissing = "revision-label-missing", "The image does not say which commit it was built from, and that was required.",
        "Build with `--label org.opencontainers.image.revision=$CIRCLE_SHA1`.";
    /// A proven no: the immutable tag.
    ImmutableTagMissing = "immutable-tag-missing", "The tag of this very commit is not in the registry.",
        "Let the push job push the immutable tag beside the moving one.";
    /// A proven no: the immutable tag is another image.
    ImmutableTagDiffers = "immutable-tag-differs", "The tag of this very commit names another image than the moving tag.",
        "The moving tag is from another build: wait for this commit's push, or push again.";
    /// A proven no: a platform.
    PlatformMissing = "platform-missing", "A wanted platform has no manifest under this tag.",
        "Build for that platform too (`docker buildx build --platform …`), or correct the list of wanted platforms.";
    /// A proven no: a layer.
    BlobMissing = "blob-missing", "The image's config or one of its layers cannot be pulled: it is gone.",
        "Push the image again; where the push says `layer already exists`, build without cache or ask the registry's operator.";
    /// A proven no: a layer of another size.
    BlobSizeDiffers = "blob-size-differs", "A config or layer has another size than the manifest says.",
        "Build without cache and push again; the stored bytes are not the ones that were pushed.";
    /// A proven no: other bytes than a layer's digest promises.
    LayerDiffers = "layer-differs", "A layer is stored with other bytes than its digest promises, so that no engine takes it.",
        "Build without cache and push the image again; if it persists, ask the registry's operator: its storage is damaged.";
    /// A proven no: a layer that unpacks to something else, or not at all.
    DiffIdDiffers = "diff-id-differs", "A layer does not unpack to what the config says (`diff_ids`), so that no engine takes it.",
        "Build without cache and push the image again: layer and config are from different builds, or the layer was cut or changed before it was pushed.";
    /// A proven no: an engine that is wanted does not pull it.
    EngineRefuses = "engine-refuses", "A container engine that is to pull the image refuses it, by a rule that was measured with that engine.",
        "Change the build as the message says; or, if that engine never pulls the image, name those that do with `--engine`.";
    /// A proven no: a declared fact.
    FactDiffers = "fact-differs", "The image does not say of itself what `expect` in the config declares.",
        "Correct the Dockerfile as the hint says and push again, or correct `expect`.";
    /// A proven no: the port.
    PortNotExposed = "port-not-exposed", "The image does not say that it listens on the port.",
        "Correct `EXPOSE` or `PORT` in the Dockerfile, or the expected port.";
    /// A proven no: the runtime.
    RuntimeDiffers = "runtime-differs", "The image is of another runtime or base than declared.",
        "Check which image was pushed under this name, or correct `runtime`.";
    /// Nothing the registry says can be believed.
    RegistryNotHonest = "registry-not-honest", "The registry served a tag that cannot exist, so nothing that it says is believed.",
        "A proxy or a mirror answers in the registry's place: check what is between this job and the registry.";
    /// Bytes that contradict their digest.
    ManifestContradictory = "manifest-contradictory", "The registry's answer contradicts itself: bytes and digest, or media type and body.",
        "Try again; if it persists, a proxy or the registry is broken.";
    /// The credentials.
    CredentialsRefused = "credentials-refused", "The credentials were refused: they are wrong, expired, or lack a scope.",
        "For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.";
    /// Digests of two algorithms.
    DigestNotComparable = "digest-not-comparable", "The digests to compare are of different algorithms, which proves nothing.",
        "Expect the `sha256:` digest that the push printed.";
    /// A realm that is not the registry's own.
    TokenServerNotTrusted = "token-server-not-trusted", "The registry names a token server that is not its own; no credentials were sent there.",
        "Name the token server with `--token-server` if it may be given the registry's login.";
    /// A 404 that is not the registry's own word.
    NotFoundUnclear = "not-found-unclear", "Something answered 404, but not in the registry's own words.",
        "A gateway or proxy answered: try again, and look at the answer that the message shows.";
    /// A 404 without a word.
    NotFoundBare = "not-found-bare", "The registry's host answered 404 without a registry error in its body, and nothing else in the run shows that the registry itself answered.",
        "Try again; if it persists, check by other means whether the image is there, and report the answer that the message shows.";
    /// 429.
    RateLimited = "rate-limited", "Too many requests with this token or from this address.",
        "Wait a few minutes, or as long as the message says; verify several images in one run instead of one run each.";
    /// 5xx.
    ServerError = "server-error", "The registry or the API failed with an error of its own, on every try.",
        "Try again later; look at the provider's status page.";
    /// No connection.
    ConnectionFailed = "connection-failed", "The connection could not be made, or broke, on every try.",
        "Check the network, the proxy and the host's name.";
    /// A success without a byte, four times.
    BodyNeverCame = "body-never-came", "The registry announced a successful answer and broke off before its first byte, on every try.",
        "Try again; if it persists, the registry's storage has lost what its index still lists, and a push of the same layers may store nothing: build without cache and push that, or let the registry's operator clear its cache (docker-registry's own: restart it), then push again.";
    /// No TLS.
    TlsFailed = "tls-failed", "The server's certificate was not accepted, or the TLS handshake failed.",
        "Check the clock, the CA certificates (SSL_CERT_FILE) and any proxy in between; TLS is never weakened.";
    /// One request took too long.
    TimedOut = "timed-out", "An answer did not come in time.",
        "Try again later, or give the run more time with `--deadline`.";
    /// The whole run took too long.
    DeadlinePassed = "deadline-passed", "The run's deadline passed before the answer came.",
        "Give the run more time with `--deadline`, or find out why the registry is slow.";
    /// Anything else that is no answer.
    UnexpectedAnswer = "unexpected-answer", "The server sent a response that the registry protocol does not allow.",
        "Look at the answer that the message shows: a login page or a proxy may be in between.";
    /// A body over its limit.
    AnswerTooLarge = "answer-too-large", "The answer is larger than any honest one.",
        "Check which image and which server this is: nothing over the limit is read.";
    /// More content than is read.
    ContentTooLarge = "content-too-large", "The layers are larger than this run may read, packed or unpacked, or need more memory than it takes.",
        "Check which image this is, then allow more with `--max-content`; a zstd window of more than 128 MiB needs a build with a smaller one.";
    /// A redirect that is not followed.
    RedirectRefused = "redirect-refused", "A redirect led to an address that is not followed.",
        "Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.";
    /// The credential program.
    CredentialHelperFailed = "credential-helper-failed", "The docker config or its credential helper gave no login, and the registry refused without one.",
        "Fix the docker config or its helper, or run `docker login` in an earlier step.";
}

impl Reason {
    /// Whether it can be that a push did not happen, so that `--diagnose` asks why.
    pub fn is_about_the_push(self) -> bool {
        matches!(
            self,
            Self::TagMissing
                | Self::RepositoryMissing
                | Self::ImmutableTagMissing
                | Self::ImmutableTagDiffers
                | Self::DigestDiffers
                | Self::RevisionDiffers
        )
    }

    /// Whether it is about credentials: exit code 4 and not 3.
    pub fn is_refusal(self) -> bool {
        self == Self::CredentialsRefused
    }
}
