# SPDX-License-Identifier: LGPL-2.1-or-later
# The world outside: a host 198.51.100.2 / fd99::2 in a namespace of its own without a name (netnsd must not see
# it), on the other end of the uplink `up0` with 198.51.100.1 / fd99::1. It has no route back to private subnets,
# so only translated packets are answered.
import subprocess

from services import wait_for

UPLINK = 'up0'
UPLINK_ADDRESSES = ('198.51.100.1', 'fd99::1')
ADDRESSES = ('198.51.100.2', 'fd99::2')


def build():
    """Makes it and returns the process that keeps it."""
    keeper = subprocess.Popen(['unshare', '--net', 'sh', '-c', 'echo ready; exec sleep infinity'],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    keeper.stdout.readline()
    enter = f'nsenter --net=/proc/{keeper.pid}/ns/net'
    # Without duplicate address detection, for which a new link is deaf to IPv6 for a second.
    script = f'''
ip link add {UPLINK} type veth peer name out0 netns {keeper.pid}
echo 0 > /proc/sys/net/ipv6/conf/{UPLINK}/accept_dad
{enter} sh -c 'echo 0 > /proc/sys/net/ipv6/conf/out0/accept_dad'
ip address add 198.51.100.1/24 dev {UPLINK}
ip address add fd99::1/64 dev {UPLINK}
ip link set {UPLINK} up
{enter} ip link set lo up
{enter} ip address add 198.51.100.2/24 dev out0
{enter} ip address add fd99::2/64 dev out0
{enter} ip link set out0 up
ip route add default via 198.51.100.2
ip route add default via fd99::2
'''
    subprocess.run(['sh', '-e', '-c', script], check=True)
    return keeper


def wait_until_reachable():
    """The kernel looks at carriers once a second, later on a busy machine, and IPv6 is deaf until then."""
    for address in ADDRESSES:
        wait_for(lambda: subprocess.run(['ping', '-n', '-q', '-c1', '-W1', address], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL).returncode == 0, what=f'{address} to answer')
