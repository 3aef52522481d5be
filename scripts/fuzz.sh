#!/bin/sh
# Runs every fuzz target from its kept corpus, so many seconds each (180 unless given): `sh scripts/fuzz.sh 15`.
#
# `sh scripts/fuzz.sh coverage` replays the kept corpus and prints which lines of the parsers' modules it reaches;
# under 85 % of one it ends with 1. `sh scripts/fuzz.sh keep` puts what the runs found and the corpus lacks into it.
#
# It works with the Rust that is there, stable too: cargo-fuzz without a sanitizer, which only finds what safe Rust
# can do wrong. What breaks a target lies in target/fuzz-found/TARGET/ afterwards. A C++ compiler is needed.
set -eu

cd -- "$(dirname -- "$0")/.."
targets='manifest index config attestation circleci token_body error_body challenge reference config_file status_file board docker_config doctl_file'
# The module that each parser is in.
modules='oci/manifest.rs oci/config.rs oci/attestation.rs circleci/answers.rs oci/error_body.rs oci/reference.rs registry/token.rs registry/challenge.rs registry/docker_config.rs
settings/config/parse.rs settings/doctl.rs status/file/line.rs status/board.rs'
least=85

command -v c++ >/dev/null || sh scripts/need.sh g++

build() {
    PATH="$(sh scripts/tool.sh cargo-fuzz 0.13.2):$PATH"
    # The program's own versions of everything; what the fuzzer needs beside them is added.
    cp Cargo.lock fuzz/Cargo.lock
    cargo fuzz build --sanitizer none --target-dir target/fuzz
    programs=target/fuzz/$(rustc -vV | sed -n 's/^host: //p')/release
}

run() {
    build
    seconds=$1
    summary=
    failed=0
    for target in $targets; do
        mkdir -p "target/fuzz-corpus/$target" "target/fuzz-found/$target"
        set -- "target/fuzz-corpus/$target" "fuzz/corpus/$target"
        [ ! -e "fuzz/dictionaries/$target" ] || set -- "-dict=fuzz/dictionaries/$target" "$@"
        log=target/fuzz-found/$target.log
        printf '=== %s, %s s\n' "$target" "$seconds"
        result=none
        if ! "$programs/$target" -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=1024 \
            -print_final_stats=1 -artifact_prefix="target/fuzz-found/$target/" "$@" >"$log" 2>&1 </dev/null; then
            tail -n 40 "$log"
            result='FOUND SOMETHING'
            failed=1
        fi
        inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        summary="$summary$(printf '%-14s %7s %12s  %s' "$target" "$seconds" "${inputs:--}" "$result")
"
    done
    printf '\n%-14s %7s %12s  %s\n%s' target seconds inputs findings "$summary"
    return "$failed"
}

# The tool of Rust's own LLVM: the system's may not know the format.
llvm() {
    tool=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/llvm-$1
    if [ ! -x "$tool" ]; then
        rustup component add llvm-tools >&2
    fi
    shift
    "$tool" "$@"
}

coverage() {
    folder=target/fuzz-coverage
    rm -rf "$folder"
    mkdir -p "$folder"
    # The test that hands every target its kept corpus; of the program, this crate alone is measured.
    program=$(cargo rustc --locked --lib --profile test --message-format=json -- -Cinstrument-coverage 2>"$folder/log" |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
    [ -n "$program" ] || { cat "$folder/log"; return 1; }
    LLVM_PROFILE_FILE=$folder/%p.profraw "$program" --quiet fuzzing::tests
    llvm profdata merge -sparse -o "$folder/all.profdata" "$folder"/*.profraw
    set --
    for module in $modules; do set -- "$@" "src/$module"; done
    llvm cov export "$program" -format=lcov -instr-profile="$folder/all.profdata" "$@" >"$folder/lines"
    # A module's tests, which stand at its end, are none of its lines.
    awk -v least="$least" '
        BEGIN { printf "%-28s %7s %9s\n", "module", "lines", "reached" }
        /^SF:/ {
            file = substr($0, 4); last = 1e9; number = 0; lines = 0; reached = 0
            before = ""
            while ((getline line <file) > 0) {
                number++
                if (before == "#[cfg(test)]" && line ~ /^mod tests/) { last = number; break }
                before = line
            }
            close(file)
        }
        /^DA:/ { split(substr($0, 4), at, ","); if (at[1] < last) { lines++; if (at[2] > 0) reached++ } }
        /^end_of_record/ {
            sub(/.*\/src\//, "", file); share = 100 * reached / lines
            printf "%-28s %7d %7.1f %%\n", file, lines, share; if (share < least) low = 1
        }
        END { if (low) { print "under " least " % of a module" > "/dev/stderr"; exit 1 } }
    ' "$folder/lines"
}

keep() {
    build
    for target in $targets; do
        new=target/fuzz-kept/$target
        rm -rf "$new"
        mkdir -p "$new" "target/fuzz-corpus/$target"
        # Small ones: what is kept is for the parsers' paths, and a clone carries it.
        "$programs/$target" -set_cover_merge=1 -max_len=4096 "$new" "fuzz/corpus/$target" "target/fuzz-corpus/$target" \
            >target/fuzz-kept/log 2>&1 </dev/null || { tail -n 20 target/fuzz-kept/log; return 1; }
        for input in "$new"/*; do
            [ -e "fuzz/corpus/$target/${input##*/}" ] || cp "$input" "fuzz/corpus/$target/"
        done
    done
    du -sh fuzz/corpus
}

case ${1:-180} in
    coverage) coverage ;;
    keep) keep ;;
    *) run "${1:-180}" ;;
esac
