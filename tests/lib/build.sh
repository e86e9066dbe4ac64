# SPDX-License-Identifier: LGPL-2.1-or-later
# What tests/run, tests/demo and .ci/run share: install what is missing, configure, build. Sourced by bash, in the
# source folder.

# A meson or python that a user put in front would not find the system's modules.
export PATH="/usr/sbin:/usr/bin:/sbin:/bin:$PATH"

debian_packages=(
  gcc libc6-dev clang-format-19 meson ninja-build pkg-config gettext
  libglib2.0-dev libnl-3-dev libnl-route-3-dev libnftables-dev libcap-ng-dev libseccomp-dev libjson-glib-dev
  libpolkit-gobject-1-dev libpolkit-agent-1-dev
  dbus dbus-test-runner polkitd systemd systemd-container python3-gi python3-dbusmock
  python3-dbus python3-dasbus gjs
  iproute2 nftables iptables conntrack iputils-ping netbase util-linux procps libcap2-bin jq libxml2-utils groff-base bash-completion
)
# What only CI gets: container engines, firewalls and what manages links, which bring services and bridges of their own, and
# what fuzzers need.
debian_ci=(podman crun lxc busybox-static firewalld ufw network-manager udev clang libclang-rt-dev)
fedora_packages=(
  gcc clang-tools-extra meson ninja-build pkgconf gettext
  glib2-devel libnl3-devel nftables-devel libcap-ng-devel libseccomp-devel json-glib-devel polkit-devel
  dbus-daemon dbus-test-runner polkit systemd systemd-container python3-gobject python3-dbusmock
  python3-dbus python3-dasbus gjs
  iproute nftables iptables-nft conntrack-tools iputils setup util-linux procps-ng libcap jq libxml2 groff-base bash-completion
)

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

is_installed_debian() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

is_installed_fedora() {
  rpm --query --whatprovides "$1" >/dev/null 2>&1
}

# What is installed for the tests starts nothing here, where it would configure this machine's network: Debian asks this
# program before a package may start a service.
install_debian() {
  local policy=/usr/sbin/policy-rc.d status=0 made=
  as_root apt-get -qq update </dev/null || return
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin "$policy" || return
    made=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "$@" </dev/null || status=$?
  [ -z "$made" ] || as_root rm "$policy"
  return "$status"
}

install_fedora() {
  as_root dnf --quiet --assumeyes --setopt=install_weak_deps=False install "$@" </dev/null
}

# Installs the packages that are needed and not there; asks nothing and does nothing if all are.
install_missing() {
  local system package missing=()
  if [ -n "${CI:-}" ]; then
    debian_packages+=("${debian_ci[@]}")
  fi
  if command -v dpkg-query >/dev/null; then
    system=debian
  elif command -v dnf >/dev/null; then
    system=fedora
  else
    echo "Neither apt nor dnf here; these packages of Debian, or their like, are needed: ${debian_packages[*]}" >&2
    return 0
  fi
  local -n packages=${system}_packages
  for package in "${packages[@]}"; do
    "is_installed_$system" "$package" || missing+=("$package")
  done
  if [ "${#missing[@]}" -gt 0 ]; then
    echo "Installing: ${missing[*]}"
    "install_$system" "${missing[@]}"
  fi
}

configure() {
  local folder=$1
  shift
  if [ ! -f "$folder/build.ninja" ]; then
    meson setup "$folder" "$@" </dev/null
  fi
}

# build FOLDER [OPTION ...]: configures if need be, and builds.
build() {
  configure "$@" && ninja -C "$1" </dev/null
}

# build_fuzzers FOLDER: only these, by clang, which has the library for them.
build_fuzzers() {
  CC=clang configure "$1" -Dc_args=-fsanitize=fuzzer-no-link -Db_sanitize=address,undefined -Db_lundef=false &&
    ninja -C "$1" tests/fuzz/fuzz-{channel,message,name,rules,ruleset,state,text} </dev/null
}
