#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small machine behind a tap, as a virtual machine is: it speaks Ethernet, ARP, IPv4 and ICMP by itself, and knows
nothing of the kernel's network.

  vm.py TAP ADDRESS GATEWAY      answers pings, and for each address that it reads prints whether a ping was answered"""
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x0002, 0x1000
BROADCAST, ANY = b'\xff' * 6, b'\0' * 6
ARP, IPV4, ICMP = 0x0806, 0x0800, 1
REQUEST, REPLY, ECHO_REQUEST, ECHO_REPLY = 1, 2, 8, 0
PATIENCE = 60


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pack_address(text):
    return bytes(map(int, text.split('.')))


class Machine:
    def __init__(self, tap, address, gateway):
        self.file = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.file, TUNSETIFF, struct.pack('16sH22x', tap.encode(), IFF_TAP | IFF_NO_PI))
        self.address, self.gateway = pack_address(address), pack_address(gateway)
        self.mac = b'\x02\x00' + self.address
        self.known = {}
        self.answered = set()
        self.sequence = 0

    def send_frame(self, to, kind, payload):
        try:
            os.write(self.file, to + self.mac + struct.pack('!H', kind) + payload)
        except OSError:
            pass  # the tap is not up yet

    def send_arp(self, operation, mac, address, to):
        self.send_frame(to, ARP, struct.pack('!HHBBH', 1, IPV4, 6, 4, operation) + self.mac + self.address + mac + address)

    def send_icmp(self, mac, address, kind, rest):
        icmp = struct.pack('!BBH', kind, 0, checksum(struct.pack('!BBH', kind, 0, 0) + rest)) + rest
        header = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(icmp), 1, 0, 64, ICMP, 0) + self.address + address
        header = header[:10] + struct.pack('!H', checksum(header)) + header[12:]
        self.send_frame(mac, IPV4, header + icmp)

    def take_arp(self, payload):
        operation = struct.unpack('!H', payload[6:8])[0]
        mac, sender, target = payload[8:14], payload[14:18], payload[24:28]
        self.known[sender] = mac
        if operation == REQUEST and target == self.address:
            self.send_arp(REPLY, mac, sender, mac)

    def take_ipv4(self, mac, payload):
        size = (payload[0] & 15) * 4
        if payload[9] != ICMP or payload[16:20] != self.address:
            return
        kind, rest = payload[size], payload[size + 4:struct.unpack('!H', payload[2:4])[0]]
        if kind == ECHO_REQUEST:
            self.send_icmp(mac, payload[12:16], ECHO_REPLY, rest)
        elif kind == ECHO_REPLY:
            self.answered.add((payload[12:16], rest[:4]))

    def take_frame(self):
        try:
            frame = os.read(self.file, 65536)
        except OSError:
            return
        kind = struct.unpack('!H', frame[12:14])[0]
        if kind == ARP:
            self.take_arp(frame[14:])
        elif kind == IPV4:
            self.take_ipv4(frame[6:12], frame[14:])

    def next_hop(self, target):
        return target if target[:3] == self.address[:3] else self.gateway

    def ping(self, text):
        """Asks twice a second until an answer comes."""
        target = pack_address(text)
        hop = self.next_hop(target)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.sequence += 1
            if hop in self.known:
                self.send_icmp(self.known[hop], target, ECHO_REQUEST, struct.pack('!HH', 7, self.sequence) + b'ping')
            else:
                self.send_arp(REQUEST, ANY, hop, BROADCAST)
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                if select.select([self.file], [], [], 0.1)[0]:
                    self.take_frame()
                if any(address == target for address, _ in self.answered):
                    return True
        return False

    def run(self):
        print('ready', flush=True)
        while True:
            readable = select.select([self.file, sys.stdin], [], [])[0]
            if self.file in readable:
                self.take_frame()
            if sys.stdin in readable:
                line = sys.stdin.readline()
                if not line:
                    return
                self.answered.clear()
                print('yes' if self.ping(line.strip()) else 'no', flush=True)


if __name__ == '__main__':
    Machine(*sys.argv[1:]).run()
