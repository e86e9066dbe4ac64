# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ethernet frames by hand, as whoever is root in a namespace can send them, and who gets to see them.

  with frames.Socket('web', 'eth0') as web, frames.Socket(None, 'lan') as host:
      passed = frames.try_all(web, host, {'its own': frames.arp(...)}, sentinel)"""
import ctypes
import ipaddress
import os
import socket
import struct
import threading

from ethernet import checksum

BROADCAST = 'ff:ff:ff:ff:ff:ff'
ETH_P_ALL, ETH_P_IP, ETH_P_ARP, ETH_P_IPV6, ETH_P_8021Q, ETH_P_LLDP = 3, 0x0800, 0x0806, 0x86dd, 0x8100, 0x88cc
CLONE_NEWNET = 0x40000000
PATIENCE = 60
libc = ctypes.CDLL(None, use_errno=True)


def packed_mac(text):
    return bytes.fromhex(text.replace(':', ''))


def packed(text):
    return ipaddress.ip_address(text).packed


# ---- what is sent

def ethernet(source, kind, payload, target=BROADCAST):
    return packed_mac(target) + packed_mac(source) + struct.pack('!H', kind) + payload


def tagged(frame, vlan=0):
    """The same in a VLAN; a machine takes number 0 for none."""
    return frame[:12] + struct.pack('!HH', ETH_P_8021Q, vlan) + frame[12:]


def arp(source, mac, address, target='0.0.0.0', operation=2):
    """@source is that of the frame, @mac what it claims."""
    head = struct.pack('!HHBBH', 1, ETH_P_IP, 6, 4, operation)
    return ethernet(source, ETH_P_ARP, head + packed_mac(mac) + packed(address) + bytes(6) + packed(target))


def ipv4(source, address, target, payload=b'', protocol=253):
    head = struct.pack('!BBHHHBB', 0x45, 0, 20 + len(payload), 0, 0, 64, protocol)
    addresses = packed(address) + packed(target)
    return ethernet(source, ETH_P_IP, head + checksum(head + b'\0\0' + addresses) + addresses + payload)


def ipv6(source, address, target, payload=b'', following=253):
    head = struct.pack('!IHBB', 6 << 28, len(payload), following, 255)
    return ethernet(source, ETH_P_IPV6, head + packed(address) + packed(target) + payload)


def udp(source_port, port):
    return struct.pack('!HHHH', source_port, port, 8, 0)


def neighbour(kind, target=None, mac=None):
    """Payload of a message of neighbour discovery: 133 to 137, with the option that says the hardware address."""
    option = struct.pack('!BB', 2 if kind == 136 else 1, 1) + packed_mac(mac) if mac else b''
    return struct.pack('!BBHI', kind, 0, 0, 0) + (packed(target) if target else b'') + option


def link_local(mac):
    """The address that the kernel makes of a hardware address."""
    part = bytearray(packed_mac(mac))
    part[0] ^= 2
    return str(ipaddress.ip_address(b'\xfe\x80' + bytes(6) + bytes(part[:3]) + b'\xff\xfe' + bytes(part[3:])))


# ---- who sends and who sees

def inside(namespace, function):
    """What a function returns that runs inside, on a thread that ends there. @namespace: a name, a path, or None."""
    result = []

    def work():
        if namespace is not None:
            descriptor = os.open(os.path.join('/run/netns', namespace), os.O_RDONLY)
            if libc.setns(descriptor, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), 'setns')
            os.close(descriptor)
        result.append(function())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return result[0]


class Socket:
    """All frames of a link."""

    def __init__(self, namespace, link):
        def make():
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            raw.bind((link, ETH_P_ALL))
            raw.settimeout(PATIENCE)
            return raw
        self.socket = inside(namespace, make)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def marked(frame, mark):
    """With a mark at the end, which is a part of the packet: a bridge that looks at IP cuts off what is behind it."""
    kind, = struct.unpack('!H', frame[12:14])
    if kind == ETH_P_IP:
        head = frame[14:16] + struct.pack('!H', len(frame) - 14 + len(mark)) + frame[18:24]
        return frame[:14] + head + checksum(head + b'\0\0' + frame[26:34]) + frame[26:] + mark
    if kind == ETH_P_IPV6:
        return frame[:18] + struct.pack('!H', len(frame) - 54 + len(mark)) + frame[20:] + mark
    return frame + bytes(max(0, 60 - len(frame))) + mark


def try_all(sender, seer, forged, sentinel):
    """Sends all frames, and then one that must pass, over which nothing can overtake. The names of those that pass."""
    marks = {}
    for number, (name, frame) in enumerate({**forged, None: sentinel}.items()):
        mark = b'mark' + os.urandom(4) + struct.pack('!I', number)
        marks[mark] = name
        sender.socket.send(marked(frame, mark))
    passed = set()
    while None not in passed:
        passed.add(marks.get(seer.socket.recv(2048)[-12:], 'of others'))
    return passed - {None, 'of others'}
