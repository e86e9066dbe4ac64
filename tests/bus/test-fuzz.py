#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every method and property of every interface, called with arguments of the right types at the edges of what they can be, on
# objects of every kind, by root and by a user. Whatever is answered: the service lives, and answers the next one. CI has two
# minutes of it with the sanitizers; NETNS1_SEED repeats a run, NETNS1_SECONDS makes it longer.
import glob
import os
import random
import time
import xml.etree.ElementTree as ElementTree

import netns1
from gi.repository import Gio, GLib
from netns1 import ROOT, api

SEED = int(os.environ.get('NETNS1_SEED', random.randrange(1 << 32)))
SECONDS = float(os.environ.get('NETNS1_SECONDS', 120))
BUILD_AGAIN = 400  # calls, which have taken most things away by then
OPTION = 'org.example.NetNS1.Option.'
EDGES = {
    'b': (False, True), 'y': (0, 255), 'n': (-1 << 15, -1, (1 << 15) - 1), 'q': (0, 1, 80, 65535),
    'i': (-1 << 31, -1, 0, 1, 2, (1 << 31) - 1), 'u': (0, 1, 2, 4094, 1000, (1 << 32) - 1),
    'x': (-1 << 63, -1, 0, (1 << 63) - 1), 't': (0, 1, 1 << 32, (1 << 64) - 1), 'd': (0.0, -1.0, float('inf'), float('nan')),
}
STRINGS = ('', 'web', 'db', 'lan', 'lo', 'br', 'eth0', 'veth', '..', '.', '/', 'a/b', '@host', '_id1', 'x' * 15, 'x' * 16, 'ü' * 64,
           'x' * 5000, 'a b', 'a\n', '\x1b[2J', 'a\u202eb', '%s%n', '$(true)', '10.1.0.5/24', '10.1.0.5', '0.0.0.0/0', '::/0', 'fd00::5/64',
           'fe80::1', 'default', '02:00:00:00:00:01', 'tcp', 'udp', 'accept', 'drop', 'input', 'output', 'public', 'true',
           'net.ipv4.ip_forward', 'net/ipv4/conf/all/rp_filter', 'bridge', 'macvlan', 'dummy', 'vlan', '1-65535', '-1', '4294967296')
PATHS = ('/', ROOT, f'{ROOT}/namespace/web', f'{ROOT}/namespace/_zz', f'{ROOT}/network/lan',
         f'{ROOT}/namespace/web/network/lan', f'{ROOT}/nat/1', f'{ROOT}/namespace/web/link/1')


def load_options():
    """The keys that a method's options take, with their types."""
    options = {}
    for path in glob.glob(os.path.join(api.DIRECTORY, '*.xml')):
        for interface in ElementTree.parse(path).iter('interface'):
            for method in interface.iter('method'):
                options[interface.get('name'), method.get('name')] = {
                    note.get('name').removeprefix(OPTION).split('.')[0]: note.get('value').split()[0].strip(':;,')
                    for note in method.iter('annotation') if note.get('name').startswith(OPTION)}
    return options


class Maker:
    """Values of any type."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def string(self):
        if self.random.random() < 0.8:
            return self.random.choice(STRINGS)
        return ''.join(chr(self.random.choice((1, 31, 47, 64, 97, 233, 0x9b, 0x202e, 0x1f600))) for _ in range(self.random.randrange(40)))

    def variant(self, depth=0):
        signature = self.random.choice(('s', 'b', 'u', 'i', 't', 'q', 'as', 'au', 'ay', 'a{sv}', '(su)', 'v') if depth < 3 else ('s', 'u'))
        return GLib.Variant(signature, self.value(signature, {}, depth + 1))

    def dictionary(self, keys, depth):
        result = {}
        for _ in range(self.random.randrange(5)):
            key = self.random.choice(sorted(keys)) if keys and self.random.random() < 0.9 else self.string()
            signature = keys.get(key, '')
            right = signature and GLib.VariantType.string_is_valid(signature) and self.random.random() < 0.9
            result[key] = GLib.Variant(signature, self.value(signature, {}, depth + 1)) if right else self.variant(depth)
        return result

    def value(self, signature, keys, depth=0):
        if signature in EDGES:
            edge = self.random.random() < 0.8 or signature in 'bd'
            return self.random.choice(EDGES[signature]) if edge else self.random.randrange(100)
        if signature in 'so':
            return self.string() if signature == 's' else self.random.choice(PATHS)
        if signature == 'g':
            return self.random.choice(('', 's', 'a{sv}'))
        if signature == 'h':
            return self.random.choice((0, 0, 0, 1, 2, -1, 1 << 30))
        if signature == 'v':
            return self.variant(depth)
        if signature.startswith('a{'):
            if signature == 'a{sv}':
                return self.dictionary(keys, depth)
            return {self.value(signature[2], {}, depth + 1): self.value(signature[3:-1], {}, depth + 1)
                    for _ in range(self.random.randrange(4))}
        if signature.startswith('a'):
            count = self.random.choice((0, 1, 2, 3, 200)) if depth == 0 else self.random.randrange(3)
            return [self.value(signature[1:], keys, depth + 1) for _ in range(count)]
        return tuple(self.value(part, {}, depth + 1) for part in split(signature[1:-1]))


def split(signature):
    """The single complete types of a signature."""
    parts = []
    while signature:
        kind = GLib.VariantType.new('(' + signature + ')').first().dup_string()
        parts.append(kind)
        signature = signature[len(kind):]
    return parts


class Fuzz(netns1.TestCase):
    def build(self):
        for method, signature, *values in (
                ('CreateNamespace', '(sa{sv})', 'web', {}), ('CreateNamespace', '(sa{sv})', 'db', {}),
                ('CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24'], 'nat': True}),
                ('Connect', '(ssa{sv})', 'web', 'lan', {}), ('CreateVeth', '(ssssa{sv})', 'web', 'veth', 'db', 'veth', {}),
                ('CreateBridge', '(ssa{sv})', 'db', 'br', {}), ('CreateNat', '(sasa{sv})', '', ['10.9.0.0/24'], {}),
                ('CreateForward', '(ssqa{sv})', 'web', 'tcp', 80, {})):
            try:
                self.root.call(ROOT, 'Manager', method, signature, *values)
            except netns1.BusError:
                pass  # it is there, or what it needs is not

    def choose(self, maker):
        """An object, and one of its interfaces."""
        objects = self.root.managed_objects()
        path = maker.random.choice([ROOT, *sorted(objects)])
        names = [f'{netns1.SERVICE}.Manager'] if path == ROOT else sorted(objects[path])
        return path, self.interfaces[maker.random.choice(names)]

    def call_something(self, maker, connection):
        path, interface = self.choose(maker)
        members = [member for member in interface.members if member.kind != 'signal']
        member = maker.random.choice(members)
        if member.kind == 'property':
            arguments = GLib.Variant('(ss)', (interface.name, member.name))
            call = (path, 'org.freedesktop.DBus.Properties', 'Get', arguments)
        else:
            values = tuple(maker.value(type_, self.options[interface.name, member.name]) for _, type_ in member.arguments)
            call = (path, interface.name, member.name, GLib.Variant(member.signature, values) if values else None)
        descriptors = Gio.UnixFDList.new_from_array([os.open(maker.random.choice(('/dev/null', '/proc/self/ns/net', '/')), os.O_RDONLY)])
        try:
            connection.call_with_unix_fd_list_sync(netns1.SERVICE, *call, None, 0, netns1.PATIENCE * 1000, descriptors, None)
        except GLib.Error as error:
            self.assertNotIn('Timeout', error.message, call)
            self.assertNotIn('NoReply', error.message, call)

    def test_every_member(self):
        print(f'NETNS1_SEED={SEED}', end=' ', flush=True)
        self.interfaces, self.options = api.load(), load_options()
        maker = Maker(SEED)
        pid = netns1.NETNSD.pid
        connection = Gio.bus_get_sync(Gio.BusType.SYSTEM)
        end = time.monotonic() + SECONDS
        made = 0
        while time.monotonic() < end:
            if made % BUILD_AGAIN == 0:
                self.build()
            self.call_something(maker, connection)
            self.assertEqual(self.bob.get(ROOT, 'Manager', 'HostNamespace'), netns1.HOST)
            made += 1
        self.assertEqual(netns1.NETNSD.pid, pid)
        print(f'{made} calls', end=' ', flush=True)
        for path in self.root.managed_objects():
            ElementTree.fromstring(self.root.call(path, 'org.freedesktop.DBus.Introspectable', 'Introspect'))


if __name__ == '__main__':
    netns1.main()
