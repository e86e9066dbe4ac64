# SPDX-License-Identifier: LGPL-2.1-or-later
"""Taps, whose far end is this program: how a virtual machine is plugged in, without one."""
import fcntl
import os
import struct

import netns1

DEVICE = '/dev/net/tun'
TUNSETIFF = 0x400454ca
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
HAVE_TAPS = os.access(DEVICE, os.R_OK | os.W_OK)


def attach(name):
    """A descriptor that carries the frames of a tap of this namespace; OSError if this user may not."""
    descriptor = os.open(DEVICE, os.O_RDWR)
    try:
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack('16sH22x', name.encode(), IFF_TAP | IFF_NO_PI))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


ATTACH = f'''
import fcntl, os, struct, sys
device = os.open({DEVICE!r}, os.O_RDWR)
os.setgroups([]), os.setgid(int(sys.argv[2])), os.setuid(int(sys.argv[2]))
fcntl.ioctl(device, {TUNSETIFF}, struct.pack('16sH22x', sys.argv[1].encode(), {IFF_TAP | IFF_NO_PI}))
'''


def may_attach(name, uid, namespace):
    """Whether a program of this user, which has no privilege, can. The device itself may be closed to users here."""
    result = netns1.run('/usr/bin/python3', '-c', ATTACH, name, str(uid), namespace=namespace, check=False)
    assert result.returncode == 0 or 'Operation not permitted' in result.stderr, result.stderr
    return result.returncode == 0
