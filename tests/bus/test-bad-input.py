#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Input that makes no sense, and things that cannot be done: each is answered with the error that the documentation of
# the method names, in words that name the object, and changes nothing. All calls are root's, whom polkit does not keep
# from reaching the code that must refuse them. An error that an interface documents and TABLE does not provoke is a
# failure, unless NOT_PROVOKED says why.
import contextlib
import functools
import os
import re
import subprocess
import unittest

import bad_forwards
import bad_rule_rows
import netns1
import taps
from bad import (BAD_ADDRESSES, BAD_LINK_NAMES, BAD_MACS, BAD_NAMES, BAD_SUBNETS, INVALID_ARGUMENT, INVALID_NAME, NO_LINK,
                 Bad, connect, create_bridge, create_forward, create_link, create_namespace, create_nat, create_network,
                 create_tap, create_veth, disconnect, get_link, get_namespace, of_link, of_namespace, of_network, path_of_link,
                 twice)
from bad_link_rows import bad_address_options, bad_bridge_options, bad_kinds, bad_rates, bad_route_options, bad_sysctls
from gi.repository import GLib
from netns1 import ROOT, api, run, u

BAD_NETWORKS = ('', ':', 'a:', ':lan', 'web:', '@host:', '@id5:', 'web:lan-in-web:')
LINKS = '''
link add br0 up type bridge
link add br1 up type bridge
link add br2 up mtu 1000 type bridge
link add br8 type bridge forward_delay 100
link add br9 type bridge stp_state 1
link add p1 up master br0 type veth peer name p2
link add v1 up type veth peer name v2
link property add dev v1 altname a-long-name-of-a-link
address add 10.0.0.1/24 dev v1
address add fd00:99::1/64 dev v1 nodad
link set v2 up
route add 198.51.100.0/24 via 10.0.0.2
link add m1 link v1 up address 02:00:00:00:00:11 type macvlan mode bridge
link add m2 link v1 up address 02:00:00:00:00:12 type macvlan mode bridge
link add m3 link v1 address 02:00:00:00:00:11 type macvlan mode bridge
'''


def bad_names():
    for name in BAD_NAMES:
        yield create_namespace(INVALID_NAME, [], name, {})
        yield of_namespace('web', 'Rename', '(s)', INVALID_NAME, [], name)
        yield create_network(INVALID_NAME, [], name, {})
    for name in BAD_LINK_NAMES:
        yield create_veth(INVALID_NAME, [], 'web', name, 'web', 'ok', {})
        yield create_veth(INVALID_NAME, [], 'web', 'ok', 'web', name, {})
        yield create_bridge(INVALID_NAME, [], 'web', name, {})
        yield create_tap(INVALID_NAME, [], 'web', name, {})
        yield create_link(INVALID_NAME, [], 'web', 'ifb', name, {})
        yield of_link('web', 'v1', 'SetName', '(s)', INVALID_NAME, [], name)
        if name:
            yield of_link('web', 'v1', 'MoveTo', '(sa{sv})', INVALID_NAME, [], 'db', {'name': name})
            yield connect(INVALID_NAME, [], 'db', 'lan', {'name': name})
            yield create_network(INVALID_NAME, [], 'ok', {'bridge': name})
            yield create_network(INVALID_NAME, [], 'ok', {'uplink': name})
            yield create_nat(INVALID_NAME, [], 'web', ['10.3.0.0/24'], {'uplink': name})
    for name in ('../x', '..', 'a/b', 'a' * 300):
        yield get_namespace(INVALID_NAME, [], name)
        yield get_link(INVALID_NAME, [], 'web', name)
        yield get_link(INVALID_NAME, [], name, 'lo')
    yield create_network(INVALID_NAME, [], 'a' * 128, {})
    for name in BAD_NETWORKS:
        yield create_network(INVALID_NAME, [], name, {})
        yield connect(INVALID_NAME, ['NAMESPACE:NAME'], 'db', name, {})
        yield disconnect(INVALID_NAME, ['NAMESPACE:NAME'], 'db', name)
    for name in ('web:lan-in-web', '@host:lan'):  # what one is called that there is
        yield create_network(INVALID_NAME, ['lan', 'option “namespace”'], name, {})
        yield create_network(INVALID_NAME, ['lan', 'option “namespace”'], name, {'namespace': 'web'})


def missing_things():
    for name in ('nope', '-x', 'new\nline', 'ü'):
        yield get_namespace('NotFound', ['nope' if name == 'nope' else ''], name)
    yield get_link('NotFound', ['nope'], 'nope', 'lo')
    yield get_link('NotFound', ['nope', 'web'], 'web', 'nope')
    yield create_veth('NotFound', ['nope'], 'nope', 'a', 'web', 'b', {})
    yield create_veth('NotFound', ['nope'], 'web', 'a', 'nope', 'b', {})
    yield create_bridge('NotFound', ['nope'], 'nope', 'a', {})
    yield create_tap('NotFound', ['nope'], 'nope', 'a', {})
    yield create_link('NotFound', ['nope'], 'nope', 'ifb', 'a', {})
    yield create_link('NotFound', ['nope', 'web'], 'web', 'macvlan', 'a', {'link': 'nope'})
    yield create_link('NotFound', ['v1', 'host'], 'web', 'macvlan', 'a', {'link': 'v1', 'link-namespace': ''})
    yield create_link('NotFound', ['nope'], 'web', 'macvlan', 'a', {'link': 'v1', 'link-namespace': 'nope'})
    yield create_network('NotFound', ['nope'], 'ok', {'namespace': 'nope'})
    yield create_network('NotFound', ['nope'], 'ok', {'uplink': 'nope'})
    yield connect('NotFound', ['nope'], 'nope', 'lan', {})
    yield connect('NotFound', ['nope'], 'db', 'nope', {})
    for name, words in (('nope:lan', ['namespace', 'nope']), ('web:lan', ['network', 'web:lan']), ('lan-in-web', ['NAMESPACE:']),
                        ('@host:lan', ['@host']), ('@id5:lan', ['@id5']), ('lan:web', ['lan']), ('web:web:lan-in-web', ['web:web']),
                        ('../run:lan', ['../run']), ('a' * 300 + ':lan', [])):
        yield connect('NotFound', words, 'db', name, {})
        yield disconnect('NotFound', words, 'db', name)
    yield disconnect('NotFound', ['nope'], 'nope', 'lan')
    yield disconnect('NotFound', ['nope'], 'web', 'nope')
    yield disconnect('NotFound', ['db', 'lan'], 'db', 'lan')
    yield create_nat('NotFound', ['nope'], 'nope', ['10.3.0.0/24'], {})
    yield create_nat('NotFound', ['nope'], 'web', ['10.3.0.0/24'], {'uplink': 'nope'})
    yield of_namespace('web', 'AddRoute', '(ssa{sv})', 'NotFound', ['nope'], '192.0.2.0/24', '', {'link': 'nope'})
    yield of_namespace('web', 'RemoveRoute', '(ssa{sv})', 'NotFound', ['192.0.2.0/24'], '192.0.2.0/24', '', {})
    yield of_namespace('web', 'RemoveRoute', '(ssa{sv})', 'NotFound', ['nope'], '192.0.2.0/24', '', {'link': 'nope'})
    yield of_link('web', 'v1', 'RemoveAddress', '(s)', 'NotFound', ['v1', '10.0.0.9/24'], '10.0.0.9/24')
    yield of_link('web', 'v1', 'RemoveAddress', '(s)', 'NotFound', ['v1', '10.0.0.1/25'], '10.0.0.1/25')
    yield of_link('web', 'v1', 'MoveTo', '(sa{sv})', 'NotFound', ['nope'], 'nope', {})
    yield of_link('web', 'v1', 'AttachTo', '(o)', 'NotFound', [NO_LINK], NO_LINK)
    yield of_link('web', 'v1', 'AttachTo', '(o)', 'NotFound', ['/'], '/')


def things_that_exist():
    yield create_namespace('Exists', ['web'], 'web', {})
    yield create_namespace('Exists', ['plain-file'], 'plain-file', {})
    yield of_namespace('web', 'Rename', '(s)', 'Exists', ['db'], 'db')
    yield of_namespace('web', 'Rename', '(s)', 'Exists', ['web'], 'web')
    yield of_namespace('web', 'Rename', '(s)', 'Exists', ['plain-file'], 'plain-file')
    for name in ('v1', 'a-long-name-of-a-link'):
        yield create_veth('Exists', [name, 'web'], 'web', name, 'db', 'ok', {})
        yield create_veth('Exists', [name, 'web'], 'db', 'ok', 'web', name, {})
        yield create_bridge('Exists', [name, 'web'], 'web', name, {})
        yield create_tap('Exists', [name, 'web'], 'web', name, {})
        yield create_link('Exists', [name, 'web'], 'web', 'ifb', name, {})
        yield of_link('web', 'v2', 'SetName', '(s)', 'Exists', [name, 'web'], name)
        yield of_link('db', 'lo2', 'MoveTo', '(sa{sv})', 'Exists', [name, 'web'], 'web', {'name': name})
    yield of_link('web', 'v1', 'MoveTo', '(sa{sv})', 'Exists', ['v1', 'db'], 'db', {})
    yield create_network('Exists', ['lan'], 'lan', {})
    yield create_network('Exists', ['h1'], 'h1', {})
    yield create_network('Exists', ['h1'], 'ok', {'bridge': 'h1'})
    yield connect('Exists', ['web', 'lan'], 'web', 'lan', {})
    yield connect('Exists', ['v1', 'db'], 'db', 'lan', {'name': 'v1'})
    yield of_link('web', 'v1', 'AddAddress', '(sa{sv})', 'Exists', ['v1', '10.0.0.1/24'], '10.0.0.1/24', {})
    yield of_link('web', 'v1', 'AddAddress', '(sa{sv})', 'Exists', ['v1', 'fd00:99::1/64'], 'fd00:99::1/64', {})
    yield of_namespace('web', 'AddRoute', '(ssa{sv})', 'Exists', ['198.51.100.0/24'], '198.51.100.0/24', '10.0.0.2', {})
    for place, name in (('web', 'v2'), ('web', 'p2')):
        yield of_link(place, name, 'AddAddress', '(sa{sv})', 'AddressInUse', ['v1', '10.0.0.1'], '10.0.0.1/24', {})
    yield create_veth('AddressInUse', ['v1', '10.0.0.1'], 'web', 'ok', 'db', 'ok', {'addresses': ['10.0.0.1/16']})
    yield create_veth('AddressInUse', ['v1', '10.0.0.1'], 'db', 'ok', 'web', 'ok', {'peer-addresses': ['10.0.0.1/16']})
    yield create_veth('AddressInUse', ['10.5.0.1'], 'web', 'ok', 'web', 'ok2',
                      {'addresses': ['10.5.0.1/24'], 'peer-addresses': ['10.5.0.1/24']})
    yield create_tap('AddressInUse', ['v1', 'fd00:99::1'], 'web', 'ok', {'addresses': ['fd00:99::1/64']})
    yield create_link('AddressInUse', ['v1', '10.0.0.1'], 'web', 'ifb', 'ok', {'addresses': ['10.0.0.1/24']})
    yield create_bridge('AddressInUse', ['v1', 'fd00:99::1'], 'web', 'ok', {'addresses': ['fd00:99::1/64']})
    for address in ('10.1.0.1/24', '10.1.0.2/24', '10.1.0.2'):  # the gateway, and web's
        yield connect('AddressInUse', [address.split('/')[0], 'lan'], 'db', 'lan', {'addresses': [address]})
    yield connect('AddressInUse', ['10.6.0.0/30'], 'db', 'tiny', {})
    for subnet in ('10.1.0.0/24', '10.1.0.0/25', '10.0.0.0/8', '10.1.0.128/25'):
        yield create_network('SubnetConflict', [subnet, 'lan'], 'ok', {'subnets': [subnet]})
    yield create_network('SubnetConflict', ['10.50.0.0/24', '123', 'h1'], 'ok', {'subnets': ['10.50.0.0/24']})
    yield create_network('SubnetConflict', ['10.51.0.0/24', 'h1'], 'ok', {'subnets': ['10.51.0.0/24']})
    yield create_network('SubnetConflict', ['10.0.0.0/24', 'v1'], 'ok',
                         {'subnets': ['10.0.0.0/24'], 'namespace': 'web'})
    yield create_nat('SubnetConflict', ['10.9.0.0/25'], '', ['10.9.0.0/25'], {})
    yield create_nat('SubnetConflict', ['10.1.0.0/16', 'lan'], '', ['10.1.0.0/16'], {})


def bad_options():
    for key, words in (('colour', ['colour']), ('Addresses', ['Addresses']), ('', ['“”']), ('a\nb', [])):
        yield create_namespace(INVALID_ARGUMENT, words, 'ok', {key: 'red'})
        yield create_veth(INVALID_ARGUMENT, words, 'web', 'ok', 'web', 'ok2', {key: 'red'})
        yield create_bridge(INVALID_ARGUMENT, words, 'web', 'ok', {key: 'red'})
        yield create_tap(INVALID_ARGUMENT, words, 'web', 'ok', {key: 'red'})
        yield create_link(INVALID_ARGUMENT, words, 'web', 'ifb', 'ok', {key: 'red'})
        yield create_network(INVALID_ARGUMENT, words, 'ok', {key: 'red'})
        yield connect(INVALID_ARGUMENT, words, 'db', 'lan', {key: 'red'})
        yield create_nat(INVALID_ARGUMENT, words, 'web', ['10.3.0.0/24'], {key: 'red'})
        yield of_namespace('web', 'Delete', '(a{sv})', INVALID_ARGUMENT, words, {key: 'red'})
        yield of_namespace('web', 'AddRoute', '(ssa{sv})', INVALID_ARGUMENT, words, 'default', '10.0.0.2', {key: 'red'})
        yield of_namespace('web', 'RemoveRoute', '(ssa{sv})', INVALID_ARGUMENT, words, 'default', '', {key: 'red'})
        yield of_link('web', 'v1', 'AddAddress', '(sa{sv})', INVALID_ARGUMENT, words, '10.0.0.5/24', {key: 'red'})
        yield of_link('web', 'v1', 'MoveTo', '(sa{sv})', INVALID_ARGUMENT, words, 'db', {key: 'red'})
    for key, value in (('mtu', '1400'), ('mtu', GLib.Variant('i', 1400)), ('up', 'yes'), ('addresses', '10.0.0.5/24'),
                       ('addresses', GLib.Variant('v', GLib.Variant('as', []))), ('mac-address', True)):
        yield create_veth(INVALID_ARGUMENT, [key, value.get_type_string() if isinstance(value, GLib.Variant) else ''],
                          'web', 'ok', 'web', 'ok2', {key: value})
    yield create_network(INVALID_ARGUMENT, ['nat'], 'ok', {'nat': 'true'})
    yield create_bridge(INVALID_ARGUMENT, ['up', 'twice'], 'web', 'ok', twice('up', 'true'))
    yield create_veth(INVALID_ARGUMENT, ['mtu', 'twice'], 'web', 'ok', 'web', 'ok2', twice('mtu', 'uint32 1400'))


def bad_addresses():
    for text in BAD_ADDRESSES:
        yield create_tap(INVALID_ARGUMENT, [text.split('/')[0]], 'web', 'ok', {'addresses': [text]})
        yield create_link(INVALID_ARGUMENT, [text.split('/')[0]], 'web', 'ifb', 'ok', {'addresses': [text]})
        yield of_link('web', 'v1', 'AddAddress', '(sa{sv})', INVALID_ARGUMENT, [text.split('/')[0]], text, {})
        yield of_link('web', 'v1', 'RemoveAddress', '(s)', INVALID_ARGUMENT, [text.split('/')[0]], text)
        yield create_veth(INVALID_ARGUMENT, [text.split('/')[0]], 'web', 'ok', 'db', 'ok', {'addresses': [text]})
        yield create_veth(INVALID_ARGUMENT, [text.split('/')[0]], 'web', 'ok', 'db', 'ok',
                          {'peer-addresses': ['10.0.0.9/24', text]})
        yield create_bridge(INVALID_ARGUMENT, [text.split('/')[0]], 'web', 'ok', {'addresses': [text]})
        yield connect(INVALID_ARGUMENT, [text.split('/')[0]], 'db', 'lan', {'addresses': [text]})
    for text in BAD_SUBNETS:
        yield create_network(INVALID_ARGUMENT, [text.split('/')[0]], 'ok', {'subnets': [text]})
        yield create_nat(INVALID_ARGUMENT, [text.split('/')[0]], 'web', ['10.3.0.0/24', text], {})
        yield of_namespace('web', 'AddRoute', '(ssa{sv})', INVALID_ARGUMENT, [text.split('/')[0]], text, '10.0.0.2', {})
        yield of_namespace('web', 'RemoveRoute', '(ssa{sv})', INVALID_ARGUMENT, [text.split('/')[0]], text, '', {})
    yield create_network(INVALID_ARGUMENT, ['10.7.0.0/24'], 'ok', {'subnets': ['10.7.0.1/24']})  # what was meant
    for subnet in ('10.7.0.0/31', '10.7.0.0/32', 'fd00:7::/127', '0.0.0.0/0', '::/0'):
        yield create_network(INVALID_ARGUMENT, [subnet], 'ok', {'subnets': [subnet]})
    for subnet, purpose in (('127.1.0.0/16', 'loopback'), ('224.0.1.0/24', 'multicast'), ('0.1.0.0/24', 'this host'),
                            ('ff02::/64', 'multicast'), ('fe80::/64', 'link-local'), ('::/64', 'this host')):
        yield create_network(INVALID_ARGUMENT, [subnet, purpose], 'ok', {'subnets': [subnet]})
    yield create_network(INVALID_ARGUMENT, ['10.7.0.0/25'], 'ok', {'subnets': ['10.7.0.0/24', '10.7.0.0/25']})
    # Outside, the network's own, and for broadcast.
    for address in ('10.2.0.5/24', '10.1.0.0/24', '10.1.0.255/24', '10.1.1.0/24', 'fd00:1::5/64'):
        yield connect(INVALID_ARGUMENT, [address.split('/')[0], 'lan'], 'db', 'lan', {'addresses': [address]})
    yield create_nat(INVALID_ARGUMENT, ['subnet'], 'web', [], {})
    yield create_nat(INVALID_ARGUMENT, ['family'], 'web', ['10.3.0.0/24'], {'to-address': 'fd00::1'})
    yield create_nat(INVALID_ARGUMENT, ['1.2.3'], 'web', ['10.3.0.0/24'], {'to-address': '1.2.3'})
    for destination, gateway, options in (
            ('192.0.2.0/24', 'fd00::1', {}), ('fd00:8::/64', '10.0.0.2', {}), ('192.0.2.0/24', '', {}),
            ('192.0.2.0/24', '10.0.0.2/24', {}), ('192.0.2.0/24', '10.0.0.2', {'source': 'fd00:99::1'})):
        if gateway != 'fd00::1':  # IPv4 by way of an IPv6 router is possible
            yield of_namespace('web', 'AddRoute', '(ssa{sv})', INVALID_ARGUMENT, [], destination, gateway, options)


def bad_values():
    for mtu in (0, 67, 2**31, 2**32 - 1):
        yield of_link('web', 'v1', 'SetMtu', '(u)', INVALID_ARGUMENT, [str(mtu)], mtu)
        yield create_veth(INVALID_ARGUMENT, [str(mtu)], 'web', 'ok', 'db', 'ok', {'mtu': u(mtu)})
        yield create_bridge(INVALID_ARGUMENT, [str(mtu)], 'web', 'ok', {'mtu': u(mtu)})
        yield create_network(INVALID_ARGUMENT, [str(mtu)], 'ok', {'mtu': u(mtu)})
    yield create_network(INVALID_ARGUMENT, ['mtu', 'br1'], 'ok', {'bridge': 'br1', 'namespace': 'web', 'mtu': u(1400)})
    yield create_network('KernelRefused', ['mtu'], 'ok', {'mtu': u(70000)})
    for mac in BAD_MACS:
        yield of_link('web', 'v1', 'SetMacAddress', '(s)', INVALID_ARGUMENT, [mac], mac)
        if mac:
            yield create_veth(INVALID_ARGUMENT, [mac], 'web', 'ok', 'db', 'ok', {'mac-address': mac})
            yield create_veth(INVALID_ARGUMENT, [mac], 'web', 'ok', 'db', 'ok', {'peer-mac-address': mac})
            yield create_bridge(INVALID_ARGUMENT, [mac], 'web', 'ok', {'mac-address': mac})
    yield of_link('web', 'v1', 'SetDescription', '(s)', INVALID_ARGUMENT, ['255'], 'x' * 256)
    yield of_link('web', 'v1', 'SetDescription', '(s)', INVALID_ARGUMENT, ['255'], 'ü' * 128)
    yield create_veth(INVALID_ARGUMENT, ['same'], 'web', 'same', 'web', 'same', {})
    yield create_veth(INVALID_ARGUMENT, ['the-same-long-name'], 'web', 'the-same-long-name', 'web',
                      'the-same-long-name', {})


def bad_name_servers():
    """What else is none is in tests/unit/test-dns.c."""
    set_dns = functools.partial(of_namespace, 'web', 'SetDns', '(asas)', INVALID_ARGUMENT)
    yield set_dns(['nonsense'], ['nonsense'], [])
    yield set_dns(['fe80::1', 'eth0'], ['192.0.2.1', 'fe80::1'], [])
    yield set_dns(['3', '4'], ['192.0.2.1'] * 4, [])
    yield set_dns(['6', '7'], ['192.0.2.1'], ['a'] * 7)
    yield set_dns(['a..b'], ['192.0.2.1'], ['a..b'])
    yield set_dns(['server'], [], ['example.org'])
    yield of_namespace('_host', 'SetDns', '(asas)', INVALID_ARGUMENT, ['/etc/resolv.conf'], ['192.0.2.1'], [])
    yield of_namespace('db', 'SetDns', '(asas)', 'Exists', ['/etc/netns/db/resolv.conf'], ['192.0.2.1'], [])


def bad_rules():
    yield from bad_rule_rows.rows(Bad, BAD_SUBNETS, BAD_LINK_NAMES)
    yield from bad_rule_rows.passage_rows(Bad)


def contradictions():
    for options in ({'nat': True}, {'uplink': 'h1'}, {'nat': True, 'subnets': ['10.7.0.0/24']}):
        yield create_network(INVALID_ARGUMENT, ['isolated', 'nat'], 'ok', {'isolated': True, **options})
    yield of_network('closed', 'SetNat', '(b)', INVALID_ARGUMENT, ['closed', 'isolated'], True)


def things_in_use():
    yield of_link('web', 'br0', 'Delete', None, 'Busy', ['br0', 'p1'])
    yield of_link('', 'lan', 'Delete', None, 'Busy', ['lan'])
    yield of_link('', 'idle', 'Delete', None, 'Busy', ['idle'])
    yield of_link('', 'idle', 'SetName', '(s)', 'Busy', ['idle'], 'other')
    yield of_network('lan', 'Delete', None, 'Busy', ['lan', 'web'])
    yield of_network('crowded', 'Delete', None, 'Busy', ['crowded', 'h2'])
    yield Bad('Busy', lambda world: ['busy', str(world.process.pid), 'sleep'], f'{ROOT}/namespace/busy',
              'Namespace.Delete', '(a{sv})', ({},))
    yield create_link('Busy', ['ok'], 'web', 'macvlan', 'ok', {'link': 'p1'})  # a port of a bridge
    yield of_link('web', 'p1', 'AttachTo', '(o)', 'Busy', ['p1'], path_of_link('web', 'br1'))


def things_that_cannot_be():
    yield of_namespace('_host', 'Delete', '(a{sv})', INVALID_ARGUMENT, ['host'], {})
    yield of_namespace('_host', 'Rename', '(s)', INVALID_ARGUMENT, ['host'], 'ok')
    yield of_namespace('_host', 'SetOwner', '(u)', INVALID_ARGUMENT, ['host'], netns1.ALICE)
    yield connect(INVALID_ARGUMENT, ['host'], '', 'web:lan-in-web', {})
    yield disconnect(INVALID_ARGUMENT, [], '', 'lan')
    yield connect(INVALID_ARGUMENT, ['web:lan-in-web'], 'web', 'web:lan-in-web', {})
    yield of_link('web', 'v1', 'MoveTo', '(sa{sv})', INVALID_ARGUMENT, ['v1'], 'web', {})
    yield of_link('web', 'v1', 'AttachTo', '(o)', INVALID_ARGUMENT, ['v2'], path_of_link('web', 'v2'))
    yield of_link('web', 'v1', 'AttachTo', '(o)', INVALID_ARGUMENT, ['v1'], path_of_link('', 'idle'))
    yield of_link('web', 'v1', 'Detach', None, INVALID_ARGUMENT, ['v1'])
    yield of_link('web', 'lo', 'Delete', None, 'NotSupported', ['lo'])
    yield of_link('web', 'lo', 'MoveTo', '(sa{sv})', 'NotSupported', ['lo'], 'db', {'name': 'lo7'})
    yield of_link('web', 'br1', 'MoveTo', '(sa{sv})', 'NotSupported', ['br1'], 'db', {})


def things_that_the_kernel_refuses():
    """With its own words."""
    yield of_namespace('web', 'AddRoute', '(ssa{sv})', 'KernelRefused', ['192.0.2.0/24', 'Nexthop has invalid gateway'],
                       '192.0.2.0/24', '172.16.0.1', {})
    yield of_link('web', 'v1', 'SetMtu', '(u)', 'KernelRefused', ['mtu greater than device maximum'], 70000)
    yield create_veth('KernelRefused', ['ok'], 'web', 'ok', 'db', 'ok', {'mtu': u(70000)})
    yield create_bridge('KernelRefused', ['mtu'], 'web', 'ok', {'mtu': u(70000)})
    yield create_link('KernelRefused', ['ok'], 'web', 'macvlan', 'ok', {'link': 'lo'})
    yield create_link('KernelRefused', ['ulticast'], 'web', 'vxlan', 'ok', {'id': u(5), 'remote': '239.1.1.1'})
    yield create_link('KernelRefused', ['ff02::99/64'], 'db', 'macvlan', 'ok',
                      {'link': 'h1', 'link-namespace': '', 'addresses': ['10.5.0.1/24', 'ff02::99/64']})
    # The tap was made by then, and must go again.
    if taps.HAVE_TAPS:
        yield create_tap('KernelRefused', ['mtu'], 'web', 'ok', {'mtu': u(70000)})
        yield create_tap('KernelRefused', ['ff02::99/64'], 'web', 'a-name-of-20-bytes-x', {'addresses': ['ff02::99/64']})
    yield of_link('web', 'br0', 'AttachTo', '(o)', 'KernelRefused', ['bridge'], path_of_link('web', 'br1'))
    yield of_link('web', 'lo', 'AttachTo', '(o)', 'KernelRefused', [], path_of_link('web', 'br1'))
    yield of_link('web', 'm3', 'SetEnabled', '(b)', 'KernelRefused', ['in use'], True)
    yield of_link('web', 'm2', 'SetMacAddress', '(s)', 'KernelRefused', ['in use'], '02:00:00:00:00:11')
    yield of_link('web', 'v1', 'AddAddress', '(sa{sv})', 'KernelRefused', ['ff02::99/64'], 'ff02::99/64', {})
    # The links were made by then, and must go again.
    yield create_veth('KernelRefused', ['ff02::99/64'], 'web', 'ok', 'db', 'a-name-of-20-bytes-x',
                      {'peer-addresses': ['10.5.0.1/24', 'ff02::99/64']})
    yield create_bridge('KernelRefused', ['ff02::99/64'], 'web', 'ok', {'addresses': ['ff02::99/64']})
    yield connect('KernelRefused', ['fd02:5:'], 'db', 'odd', {})
    yield create_network('KernelRefused', ['fd02:'], 'ok',  # less than IPv6 can do with
                         {'subnets': ['10.7.0.0/24', 'fd02::/64'], 'nat': True, 'bridge': 'br2', 'namespace': 'web'})


def things_that_another_program_keeps():
    yield create_nat('KernelRefused', ['Operation not permitted'], 'db', ['10.3.0.0/24'], {})
    yield create_network('KernelRefused', ['Operation not permitted'], 'ok', {'namespace': 'db', 'nat': True})
    yield from bad_rule_rows.refused_rows(Bad)


def bad_forward_calls():
    return bad_forwards.rows(create_forward)


TABLE = [*contradictions(), *bad_forward_calls(), *bad_kinds(), *bad_address_options(), *bad_route_options(), *bad_rates(), *bad_sysctls(), *bad_bridge_options(), *bad_names(),
         *bad_rules(), *missing_things(), *things_that_exist(), *bad_options(), *bad_addresses(),
         *bad_values(),
         *bad_name_servers(), *things_in_use(), *things_that_cannot_be(), *things_that_the_kernel_refuses(),
         *things_that_another_program_keeps()]

# Documented, but no call alone can bring them about.
NOT_PROVOKED = {
    # A kernel that is out of memory, or the like: what happens then is seen in tests/fault.
    'KernelRefused': {'Firewall.ListRules', 'Firewall.GetRuleset', 'Firewall.RemoveRule',
                      'Forward.Delete', 'Forward.GetCounters', 'Nat.GetCounters', 'Manager.CreateForward',
                      'Link.Delete', 'Link.Detach', 'Link.MoveTo', 'Link.RemoveAddress', 'Link.SetDescription',
                      'Link.SetName', 'Manager.CreateNamespace', 'Manager.Disconnect', 'Namespace.Delete',
                      'Namespace.RemoveRoute', 'Namespace.Rename', 'Nat.Delete', 'Network.Delete', 'Network.SetNat',
                      'Bridge.ListForwardingEntries', 'Bridge.SetOptions', 'BridgePort.SetOptions', 'Link.GetRateLimit', 'Link.SetRateLimit',
                      'Namespace.GetSysctl',
                      'Namespace.ListNeighbours',
                      'Manager.AdoptProcess', 'Namespace.ListProcesses', 'Namespace.Open', 'Namespace.OpenSocket',
                      'Namespace.SetDns'},
    # Rules of others in a namespace with NAT or forwards of root's: test-hostile-rules.py has them where users can make them.
    'TooLarge': {'Forward.GetCounters', 'Nat.GetCounters'},
    'Unreadable': {'Forward.GetCounters', 'Nat.GetCounters'},
    # A kernel without veth or bridges, which could not run these tests.
    'NotSupported': {'Manager.CreateVeth', 'Manager.CreateBridge', 'Manager.CreateTap', 'Bridge.SetOptions',
                     'Link.SetRateLimit'},
    # Somebody who changes entries without pause.
    'Busy': {'Bridge.ListForwardingEntries', 'Link.GetRateLimit', 'Namespace.ListNeighbours'},
    # A link that vanishes between the call and its turn: one that is not there has no methods.
    'NotFound': {'Link.GetStatistics', 'Process.Signal', 'Process.Wait'},
    # A process that goes to another namespace between the call and its turn.
    'NamespaceGone': {'Manager.AdoptProcess'},
}
if not taps.HAVE_TAPS:
    NOT_PROVOKED['KernelRefused'].add('Manager.CreateTap')
# What needs processes and descriptors is provoked in test-processes.py and test-run.py.
ELSEWHERE = {
    ('Manager.CreateForward', 'NotSupported'), ('Manager.CreateForward', 'QuotaExceeded'),  # test-forwards.py
} | {
    ('Manager.AdoptProcess', error) for error in ('Exists', 'InvalidArgument', 'InvalidName', 'NotFound')
} | {
    ('Manager.GetNamespaceByFD', 'InvalidArgument'), ('Manager.GetNamespaceByFD', 'NotFound'),
    ('Manager.GetNamespaceByPID', 'NotFound'),
    ('Manager.CreateNetwork', 'BlockedByFirewall'), ('Manager.Connect', 'BlockedByFirewall'),  # in test-blocked.py
    ('Manager.CreateNetwork', 'NotForwarded'), ('Manager.Connect', 'NotForwarded'),  # in test-forwarding.py
    ('Manager.CreateNetwork', 'RoutedElsewhere'), ('Manager.Connect', 'RoutedElsewhere'),  # in test-vpn.py
    ('Manager.CreateNetwork', 'NotSupported'), ('Manager.Connect', 'NotSupported'),  # in test-hostile-rules.py
    # Said of a firewall that is read by the same helper as for ListRules.
    ('Manager.CreateNetwork', 'TooLarge'), ('Manager.CreateNetwork', 'Unreadable'),
    ('Manager.Connect', 'TooLarge'), ('Manager.Connect', 'Unreadable'),
    ('Firewall.ListRules', 'TooLarge'), ('Firewall.ListRules', 'Unreadable'),  # in test-hostile-rules.py
    ('Firewall.GetRuleset', 'TooLarge'), ('Firewall.GetRuleset', 'Unreadable'),
    ('Namespace.ListProcesses', 'TooLarge'),  # would take more processes than there can be here
    ('Namespace.ListNeighbours', 'TooLarge'), ('Bridge.ListForwardingEntries', 'TooLarge'),  # in test-neighbours.py, test-bridges.py
    ('Firewall.AddRule', 'QuotaExceeded'),  # in test-firewall.py
    ('Manager.CreateNetwork', 'QuotaExceeded'), ('Manager.CreateNat', 'QuotaExceeded'),  # in test-security.py
    ('Link.AttachTo', 'Loop'), ('Link.SetEnabled', 'Loop'), ('Bridge.SetOptions', 'Loop'),  # in test-loops.py
    ('Namespace.Delete', 'Exists'),  # in test-delete.py
    ('Link.AddAddress', 'NotSupported'), ('Namespace.AddRoute', 'NotSupported'),  # in test-addresses.py, test-routes.py
    ('Namespace.OpenSocket', 'InvalidArgument'), ('Namespace.OpenSocket', 'NotSupported'),
    ('Process.Signal', 'InvalidArgument'), ('Process.Wait', 'LimitsExceeded'),  # in test-run-life.py
} | {
    ('Namespace.Run', error) for error in ('CommandNotFound', 'CommandNotExecutable', 'InvalidArgument', 'KernelRefused',
                                           'NamespaceGone', 'QuotaExceeded')
}


def documented_errors():
    for interface in api.load().values():
        for member in interface.methods:
            text = re.search(r'Errors:(.*?)(?:polkit:|$)', member.documentation, re.DOTALL)
            for error in re.findall(r'`([A-Z][A-Za-z]+)`', text.group(1) if text else ''):
                yield str(member).removeprefix(netns1.SERVICE + '.'), error


class Documentation(unittest.TestCase):
    def test_every_error_is_provoked(self):
        provoked = {(bad.method, bad.error) for bad in TABLE}
        excused = {(method, error) for error, methods in NOT_PROVOKED.items() for method in methods}
        self.assertEqual(set(documented_errors()) - provoked, excused | ELSEWHERE)


class BadInput(netns1.TestCase):
    def setUp(self):
        super().setUp()
        call = self.root.call
        for name in ('web', 'db', 'busy'):
            self.root.create_namespace(name)
        run('ip', '-batch', '-', namespace='web', input=LINKS)
        run('tc', '-batch', '-', namespace='web', input='qdisc add dev v2 root tbf rate 1mbit burst 16k latency 50ms\n'
                                                        'qdisc add dev p2 root bfifo\n')
        run('ip', '-batch', '-', namespace='db', input='link add v1 up type veth peer name lo2\n')
        run('ip', '-batch', '-', input='''
link add h1 up type veth peer name h2
link set h2 up
route add 10.50.0.0/24 dev h1 table 123
address add 10.51.0.1/24 dev h1
address add fd00:51::1/64 dev h1 nodad
''')
        for name, options in (('lan', {'subnets': ['10.1.0.0/24'], 'nat': True}), ('idle', {}), ('closed', {'isolated': True}), ('crowded', {}),
                              ('odd', {'subnets': ['fd02:5::/64'], 'gateway': False}),
                              ('tiny', {'subnets': ['10.6.0.0/30']}),
                              ('lan-in-web', {'subnets': ['10.8.0.0/24'], 'namespace': 'web'})):
            call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name, options)
        call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', {})
        call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'busy', 'tiny', {})
        call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', '', ['10.9.0.0/24'], {})
        run('ip', 'link', 'set', 'odd', 'mtu', '1000')  # less than IPv6 can do with
        bad_forwards.prepare(self)
        run('ip', 'link', 'set', 'h2', 'master', 'crowded')
        self.process = subprocess.Popen(['nsenter', '--net=/run/netns/busy', 'sleep', 'infinity'])
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        netns1.wait_for(lambda: os.readlink(f'/proc/{self.process.pid}/exe').endswith('sleep'))
        open('/run/netns/plain-file', 'w').close()
        os.makedirs('/etc/netns/db')
        with open('/etc/netns/db/resolv.conf', 'w') as file:
            file.write('nameserver 192.0.2.53\n')

    def make(self, bad):
        interface, _, method = bad.method.rpartition('.')
        path = bad.path(self) if callable(bad.path) else bad.path
        values = [value(self) if callable(value) else value for value in bad.values]
        return self.root.call(path, interface, method, bad.signature, *values)

    def assert_bad(self, rows):
        pid = netns1.NETNSD.pid
        with self.unchanged():
            for bad in rows:
                with self.subTest(f'{bad.method} {bad.values}'), self.assertBusError(bad.error) as context:
                    self.make(bad)
                    self.fail('it worked')
                message = getattr(getattr(context, 'exception', None), 'message', '')
                for word in bad.words(self) if callable(bad.words) else bad.words:
                    with self.subTest(f'{bad.method} {bad.values}'):
                        self.assertIn(word, message)
                with self.subTest(f'{bad.method} {bad.values}: text'):
                    self.assertNotIn('GDBus', message)
        self.assertEqual(netns1.NETNSD.pid, pid)

    @contextlib.contextmanager
    def locked_ruleset(self, namespace):
        """Another program has a table of the service's name there, and will not share it."""
        program = ['nsenter', f'--net=/run/netns/{namespace}', 'nft', '--interactive']
        with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
            process.stdin.write('add table inet netnsd { flags owner; }\n')
            process.stdin.flush()
            netns1.wait_for(lambda: run('nft', 'list', 'ruleset', namespace=namespace).stdout)
            yield
        netns1.wait_for(lambda: not run('nft', 'list', 'ruleset', namespace=namespace).stdout)

    def test_things_that_another_program_keeps(self):
        with self.unchanged(), self.locked_ruleset('db'):  # inside: nft cannot print such a table as JSON
            for bad in things_that_another_program_keeps():
                with self.subTest(bad.method), self.assertBusError(bad.error) as context:
                    self.make(bad)
                self.assertIn(bad.words[0], context.exception.message)


for theme in (contradictions, bad_forward_calls, bad_kinds, bad_address_options, bad_route_options, bad_rates, bad_sysctls, bad_bridge_options, bad_names,
              bad_rules, missing_things, things_that_exist, bad_options, bad_addresses,
              bad_values, bad_name_servers, things_in_use,
              things_that_cannot_be, things_that_the_kernel_refuses):
    setattr(BadInput, f'test_{theme.__name__}', lambda self, theme=theme: self.assert_bad(theme()))


if __name__ == '__main__':
    netns1.main()
