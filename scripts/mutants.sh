#!/bin/sh
# Changes the program's deciding modules in N places (100), one at a time, drawn by SEED (1), and looks whether a test
# goes red each time: first the module's own, then, for what they let pass, all of the library, and then the tests at a
# stand-in that touch the module.
#
# Exit 1: something survived that is not explained in scripts/mutants-explained.txt, one `MUTANT <tab> REASON` a line,
# the mutant as it is printed here. ONLY=TEXT takes the mutants alone whose name holds TEXT.
set -eu

cd -- "$(dirname -- "$0")/.."
PATH="$(sh scripts/tool.sh cargo-mutants 27.1.0):$PATH"
folder=target/mutants
tab=$(printf '\t')
rm -rf "$folder"
mkdir -p "$folder/tree"
exec </dev/null
# The changes are made in a copy, which all passes share: what the program needs is compiled once.
git ls-files -z | tar -c --null --files-from=- | tar -x -C "$folder/tree"
CARGO_TARGET_DIR=$PWD/$folder/target
export CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0

# The modules, and the tests of the binary `it` that touch each.
modules='src/checks/|lies:: expectations:: declared:: immutable_tag:: record:: faults::found
src/registry/answers|faults:: lies:: registries::
src/http/redirect|network::redirects registries::
src/http/retry|network::retries faults::
src/oci/|lies:: fidelity:: registries:: config::
src/secret|outputs::secrets lies::texts console::
src/output/prove|outputs:: status record::
src/output/write|outputs:: record:: many::
src/output/removal|outputs:: record::
src/status/|status outputs:: many::'

set --
for module in $(echo "$modules" | sed 's/|.*//'); do
    case $module in
        */) set -- "$@" --file "$module**/*.rs" ;;
        *) set -- "$@" --file "$module.rs" --file "$module/**/*.rs" ;;
    esac
done
# A mutant's name without its line and column, which move.
plain() { sed 's/^\([^:]*\):[0-9]*:[0-9]*: /\1: /'; }
cargo mutants --list "$@" | grep -v 'delete field ' | grep -v '/tests/\|/tests\.rs' | grep -F -- "${ONLY:-}" | LC_ALL=C sort |
    awk -v seed="${SEED:-1}" 'BEGIN { srand(seed) } { printf "%.12f\t%s\n", rand(), $0 }' |
    LC_ALL=C sort | cut -f 2 | head -n "${N:-100}" >"$folder/drawn"
[ -s "$folder/drawn" ] || { echo "nothing was drawn" >&2; exit 1; }

# pass NAME FILE TARGET TESTS...: runs the mutants that FILE names against these tests of a target, and builds no other.
pass() {
    out=$PWD/$folder/$1
    names=$2
    target=$3
    shift 3
    # Each name is a pattern of its own, whole.
    sed 's/[][\\.*^$+?(){}|/]/\\&/g; s/.*/--re\n^&$/' "$names" >"$folder/patterns"
    tests=$*
    set --
    while IFS= read -r word; do set -- "$@" "$word"; done <"$folder/patterns"
    # No pattern holds for deleted fields of a structure (cargo-mutants 27.1): none is drawn, and those of other files
    # are kept away.
    sed 's/:.*//' "$names" | LC_ALL=C sort -u >"$folder/files"
    while IFS= read -r file; do set -- "$@" --file "$file"; done <"$folder/files"
    # shellcheck disable=SC2086 # several words are meant
    CARGO_MUTANTS_MINIMUM_TEST_TIMEOUT=120 RUST_BACKTRACE=0 \
        cargo mutants --dir "$folder/tree" --in-place --no-shuffle --baseline skip --timeout 600 --build-timeout 1800 \
        --cargo-arg=--locked --cargo-arg="$target" --output "$out" --colors never "$@" -- -- $tests || true
    [ -e "$out/mutants.out/caught.txt" ] || { echo "cargo-mutants did not run" >&2; exit 1; }
    for end in caught missed timeout unviable; do
        grep -x -F -f "$names" "$out/mutants.out/$end.txt" >"$out/$end" || true
    done
    cat "$out/caught" "$out/timeout" >>"$folder/killed"
    cat "$out/timeout" >>"$folder/timeouts"
    cat "$out/unviable" >>"$folder/unviable"
}

: >"$folder/killed"
: >"$folder/timeouts"
: >"$folder/unviable"
# Of each module first its own tests, which are quick.
: >"$folder/left"
number=0
for module in $(echo "$modules" | sed 's/|.*//'); do
    number=$((number + 1))
    grep -F -- "$module" "$folder/drawn" >"$folder/own" || continue
    own=$(echo "${module#src/}" | sed 's|/$||; s|/|::|g')
    pass "own-$number" "$folder/own" --lib "$own::"
    cat "$folder/own-$number/missed" >>"$folder/left"
done
: >"$folder/survived"
if [ -s "$folder/left" ]; then
    # A name's `unviable` is counted once.
    pass lib "$folder/left" --lib
    cp "$folder/lib/missed" "$folder/survived"
fi
number=0
echo "$modules" | while IFS='|' read -r module tests; do
    number=$((number + 1))
    grep -F -- "$module" "$folder/survived" >"$folder/again" || continue
    # shellcheck disable=SC2086 # several words are meant
    pass "it-$number" "$folder/again" --test=it $tests
done
for caught in "$folder"/it-*/caught "$folder"/it-*/timeout; do
    [ -s "$caught" ] || continue
    grep -v -x -F -f "$caught" "$folder/survived" >"$folder/left" || true
    mv "$folder/left" "$folder/survived"
done

count() { wc -l <"$1" | tr -d ' '; }
: >"$folder/unexplained"
explained=0
while IFS= read -r mutant; do
    name=$(echo "$mutant" | plain)
    if grep -q -F -- "$name$tab" scripts/mutants-explained.txt; then
        explained=$((explained + 1))
    else
        echo "$mutant" >>"$folder/unexplained"
    fi
done <"$folder/survived"
printf '\nseed %s: %s mutants, %s killed (%s of them by time), %s that do not compile, %s survived and are explained, %s survived\n' \
    "${SEED:-1}" "$(count "$folder/drawn")" "$(count "$folder/killed")" "$(count "$folder/timeouts")" \
    "$(count "$folder/unviable")" "$explained" "$(count "$folder/unexplained")"
if [ -s "$folder/unexplained" ]; then
    plain <"$folder/unexplained"
    exit 1
fi
