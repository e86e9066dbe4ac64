# SPDX-License-Identifier: LGPL-2.1-or-later
# What tests/run, tests/demo and .ci/run share: install what is missing, configure, build. Sourced by bash, in the
# source folder.

# A meson or python that a user put in front would not find the system's modules.
export PATH="/usr/sbin:/usr/bin:/sbin:/bin:$PATH"

debian_packages=(
  gcc libc6-dev meson ninja-build pkg-config gettext
  libglib2.0-dev libnl-3-dev libnl-route-3-dev libnftables-dev libjson-glib-dev
  libpolkit-gobject-1-dev libpolkit-agent-1-dev
  dbus dbus-test-runner polkitd systemd systemd-container python3-gi python3-dbusmock
  iproute2 nftables conntrack iputils-ping netbase util-linux procps libcap2-bin jq libxml2-utils
)
# What tests need that speak with container engines and firewalld. These bring services and bridges of their own, so nobody but
# CI gets them.
debian_engines=(podman crun lxc busybox-static firewalld)
fedora_packages=(
  gcc meson ninja-build pkgconf gettext
  glib2-devel libnl3-devel nftables-devel json-glib-devel polkit-devel
  dbus-daemon dbus-test-runner polkit systemd systemd-container python3-gobject python3-dbusmock
  iproute nftables conntrack-tools iputils setup util-linux procps-ng libcap jq libxml2
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

install_debian() {
  as_root apt-get -qq update </dev/null
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "$@" </dev/null
}

install_fedora() {
  as_root dnf --quiet --assumeyes --setopt=install_weak_deps=False install "$@" </dev/null
}

# Installs the packages that are needed and not there; asks nothing and does nothing if all are.
install_missing() {
  local system package missing=()
  if [ -n "${CI:-}" ]; then
    debian_packages+=("${debian_engines[@]}")
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

# build FOLDER [OPTION ...]: configures if need be, and builds.
build() {
  local folder=$1
  shift
  if [ ! -f "$folder/build.ninja" ]; then
    meson setup "$folder" "$@" </dev/null
  fi
  ninja -C "$folder" </dev/null
}
