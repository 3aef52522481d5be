#!/bin/sh
# need.sh PACKAGE...: installs the Debian packages that are not there yet.
#
# As root or with sudo it installs them; elsewhere it says exactly what to install and ends with 1.
# It changes nothing else, and asks nothing.
set -eu

missing=
for package in "$@"; do
    case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)" in
        'install ok installed') ;;
        *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "please install:$missing (the names are Debian's)" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    root='sudo -n'
else
    echo "please run: sudo apt-get install$missing" >&2
    exit 1
fi
echo "installing:$missing" >&2
# shellcheck disable=SC2086 # several words are meant
install() { $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null >/dev/null; }
if ! install 2>/dev/null; then
    # The package lists of a fresh machine are empty or old.
    $root apt-get update -qq </dev/null
    install || { echo "these could not be installed:$missing" >&2; exit 1; }
fi
