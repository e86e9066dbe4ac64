# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine at the far end of a tap, as small as can be: it speaks Ethernet, answers ARP and echo requests, and pings."""
import ipaddress
import os
import select
import struct
import threading
import time

import taps
from netns1 import PATIENCE

ARP, IPV4, ICMP = 0x0806, 0x0800, 1
BROADCAST = b'\xff' * 6
ECHO_REPLY, ECHO_REQUEST = 0, 8


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack('!H', ~total & 0xffff)


class Machine:
    """address is with prefix length; it runs until closed."""

    def __init__(self, tap, address, gateway):
        interface = ipaddress.ip_interface(address)
        self.network, self.address = interface.network, interface.ip.packed
        self.gateway = ipaddress.ip_address(gateway).packed
        self.mac = b'\x02\0' + self.address
        self.neighbours, self.answered = {}, set()
        self.number = 0
        self.descriptor = taps.attach(tap)
        self.ending, self.end = os.pipe()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def close(self):
        """Switches it off, once."""
        if self.descriptor is None:
            return
        os.close(self.end)
        self.thread.join()
        os.close(self.ending)
        os.close(self.descriptor)
        self.descriptor = None

    def _run(self):
        while True:
            ready = select.select([self.descriptor, self.ending], [], [])[0]
            if self.ending in ready:
                return
            frame = os.read(self.descriptor, 1 << 16)
            kind, = struct.unpack('!H', frame[12:14])
            if kind == ARP:
                self._take_arp(frame[14:42])
            elif kind == IPV4 and frame[30:34] == self.address and frame[23] == ICMP:
                self._take_echo(frame)

    def _send(self, mac, kind, payload):
        os.write(self.descriptor, mac + self.mac + struct.pack('!H', kind) + payload)

    def _send_arp(self, operation, mac, address):
        head = struct.pack('!HHBBH', 1, IPV4, 6, 4, operation)
        target = BROADCAST if operation == 1 else mac
        self._send(target, ARP, head + self.mac + self.address + mac + address)

    def _take_arp(self, packet):
        operation, = struct.unpack('!H', packet[6:8])
        sender_mac, sender, target = packet[8:14], packet[14:18], packet[24:28]
        self.neighbours[sender] = sender_mac
        if operation == 1 and target == self.address:
            self._send_arp(2, sender_mac, sender)

    def _send_echo(self, mac, kind, target, content):
        packet = bytes([kind, 0]) + checksum(bytes([kind, 0, 0, 0]) + content) + content
        head = struct.pack('!BBHHHBB', 0x45, 0, 20 + len(packet), 0, 0, 64, ICMP)
        addresses = self.address + target
        self._send(mac, IPV4, head + checksum(head + b'\0\0' + addresses) + addresses + packet)

    def _take_echo(self, frame):
        source, packet = frame[26:30], frame[14 + (frame[14] & 15) * 4:]
        if packet[0] == ECHO_REQUEST:
            self._send_echo(frame[6:12], ECHO_REPLY, source, packet[4:])
        elif packet[0] == ECHO_REPLY:
            self.answered.add((source, packet[4:8]))

    def can_ping(self, target, timeout=PATIENCE):
        """Whether an answer comes; what gets lost is sent again."""
        packed = ipaddress.ip_address(target).packed
        way = packed if ipaddress.ip_address(target) in self.network else self.gateway
        deadline = time.monotonic() + timeout
        self.number += 1
        content = struct.pack('!HH', os.getpid() & 0xffff, self.number)
        while (packed, content) not in self.answered:
            if time.monotonic() > deadline:
                return False
            if way in self.neighbours:
                self._send_echo(self.neighbours[way], ECHO_REQUEST, packed, content + b'netns1')
            else:
                self._send_arp(1, bytes(6), way)
            time.sleep(0.1)
        return True
