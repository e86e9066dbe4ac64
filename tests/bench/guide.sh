#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The complete example as guides have it: guide.sh up, guide.sh down.
set -eu

up() {
  ip netns add webserver
  ip netns exec webserver ip link set lo up
  ip link add name br-internal type bridge
  ip addr add 10.100.0.1/24 dev br-internal
  ip link set br-internal up
  ip link add veth-web-h type veth peer name veth-web-ns
  ip link set veth-web-ns netns webserver
  ip link set veth-web-h master br-internal
  ip link set veth-web-h up
  ip netns exec webserver ip addr add 10.100.0.2/24 dev veth-web-ns
  ip netns exec webserver ip link set veth-web-ns up
  ip netns exec webserver ip route add default via 10.100.0.1
  sysctl -q -w net.ipv4.ip_forward=1
  nft add table ip guide
  nft add chain ip guide postrouting '{ type nat hook postrouting priority srcnat; }'
  nft add rule ip guide postrouting ip saddr 10.100.0.0/24 oifname != br-internal masquerade
}

down() {
  nft delete table ip guide
  sysctl -q -w net.ipv4.ip_forward=0
  ip link delete br-internal
  ip link delete veth-web-h
  ip netns delete webserver
}

"$1"
