#!/bin/sh
# Whether the program compiles for macOS, on a machine that is no Mac: scripts/check-macos.sh [TARGET]...
# Clippy over library and program, with zig's C compiler (PyPI's ziglang, in target/tools) for `ring` and `zstd-sys`. Nothing
# is linked: that takes Apple's frameworks, and scripts/build-macos.sh. Without TARGET: both architectures. What is missing is
# said aloud, and a line of it goes to target/could-not-run.txt; with CI=true it is a failure.
set -eu

cd -- "$(dirname -- "$0")/.."
[ $# -gt 0 ] || set -- aarch64-apple-darwin x86_64-apple-darwin
missing() {
    sh scripts/could-not-run.sh "whether it compiles for macOS: $1"
    [ "${CI:-}" != true ] || exit 1
    exit 0
}

bin=$(sh scripts/tools.sh --zig)
"$bin/python3" -c 'import ziglang' 2>/dev/null || missing "ziglang could not be installed"
for target in "$@"; do
    [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ] || rustup target add "$target" >&2 ||
        missing "Rust's target $target could not be installed"
done

for target in "$@"; do
    compiler=$PWD/target/tools/cc-$target
    # The build scripts name the target in clang's words for Apple's own; zig has others, and takes its own option alone.
    cat >"$compiler" <<END
#!/bin/sh
first=1
for word; do
    [ "\$first" = 0 ] || set --
    first=0
    case \$word in --target=* | -mmacosx-version-min=* | -gfull) ;; *) set -- "\$@" "\$word" ;; esac
done
exec "$bin/python3" -m ziglang cc -target ${target%%-*}-macos.11.0 "\$@"
END
    chmod +x "$compiler"
    variable=$(echo "$target" | tr - _)
    # No archiver of this machine has to know Mach-O: nothing looks into the archives.
    env "CC_$variable=$compiler" "AR_$variable=ar" MACOSX_DEPLOYMENT_TARGET=11.0 \
        cargo clippy --locked --target "$target" --lib --bins -- -D warnings
    echo "check-macos: $target compiles"
done
