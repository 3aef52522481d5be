# Homebrew's formula: brew tap OWNER/verify-registry-image https://github.com/OWNER/verify-registry-image.
# scripts/homebrew-formula.sh writes version and sums, of the archives of a release, and nobody else does. Until the first
# release there are no archives, and the sums are of nothing.
class VerifyRegistryImage < Formula
  desc "Asks a container registry whether the pushed image is there, whole and right"
  homepage "https://github.com/OWNER/verify-registry-image"
  version "0.1.0"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "https://github.com/OWNER/verify-registry-image/releases/download/v0.1.0/verify-registry-image-0.1.0-aarch64-apple-darwin.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000" # aarch64-apple-darwin
    end
    on_intel do
      url "https://github.com/OWNER/verify-registry-image/releases/download/v0.1.0/verify-registry-image-0.1.0-x86_64-apple-darwin.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000" # x86_64-apple-darwin
    end
  end

  on_linux do
    on_arm do
      url "https://github.com/OWNER/verify-registry-image/releases/download/v0.1.0/verify-registry-image-0.1.0-aarch64-unknown-linux-musl.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000" # aarch64-unknown-linux-musl
    end
    on_intel do
      url "https://github.com/OWNER/verify-registry-image/releases/download/v0.1.0/verify-registry-image-0.1.0-x86_64-unknown-linux-musl.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000" # x86_64-unknown-linux-musl
    end
  end

  def install
    bin.install "verify-registry-image"
    man1.install "verify-registry-image.1"
    bash_completion.install "completions/verify-registry-image.bash" => "verify-registry-image"
    fish_completion.install "completions/verify-registry-image.fish"
    zsh_completion.install "completions/verify-registry-image.zsh" => "_verify-registry-image"
    pkgshare.install "verify-registry-image.cdx.json", "licenses"
  end

  test do
    assert_match "verify-registry-image #{version}", shell_output("#{bin}/verify-registry-image --version")
    # Nothing listens there, so the answer is that it could not be found out.
    shell_output("#{bin}/verify-registry-image --deadline 20s 127.0.0.1:1/my-registry/api:latest", 3)
  end
end
