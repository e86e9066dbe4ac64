# SPDX-License-Identifier: LGPL-2.1-or-later
"""Links, bridges, rates and kernel settings that make no sense, for test-bad-input.py."""
import netns1
from bad import (BAD_MACS, INVALID_ARGUMENT, Bad, create_bridge, create_link, create_tap, of_link, of_namespace,
                 path_of_link, twice)
from gi.repository import GLib
from netns1 import u


def bad_kinds():
    for kind, words in (('colour', ['colour', 'macvlan']), ('', ['macvlan']), ('../x', []), ('a' * 300, []), ('Dummy', []),
                        ('wireguard', ['wireguard']), ('new\nline', [])):
        yield create_link('NotSupported', words, 'web', kind, 'ok', {})
    for kind, method in (('veth', 'CreateVeth'), ('bridge', 'CreateBridge'), ('tun', 'CreateTap'), ('tap', 'CreateTap')):
        yield create_link(INVALID_ARGUMENT, [kind, method], 'web', kind, 'ok', {})
    # What belongs to another kind.
    for kind, key, value in (('ifb', 'link', 'v1'), ('ifb', 'owner', u(1)), ('dummy', 'mode', 'bridge'),
                             ('macvlan', 'id', u(1)), ('vlan', 'mode', 'bridge'), ('vxlan', 'protocol', '802.1Q'),
                             ('ipvlan', 'learning', True), ('vlan', 'remote', '192.0.2.1')):
        yield create_link(INVALID_ARGUMENT, [key], 'web', kind, 'ok', {key: value})
    yield create_link(INVALID_ARGUMENT, ['mac-address'], 'web', 'ipvlan', 'ok',
                      {'link': 'v1', 'mac-address': '02:00:00:00:00:01'})
    for kind, options in (('macvlan', {}), ('ipvlan', {}), ('vlan', {'id': u(5)}), ('macvlan', {'link': ''})):
        yield create_link(INVALID_ARGUMENT, ['“link”'], 'web', kind, 'ok', options)
    for kind, modes in (('macvlan', ('Bridge', '', 'l2')), ('ipvlan', ('bridge', 'L2', 'l4'))):
        for mode in modes:
            yield create_link(INVALID_ARGUMENT, ['mode', f'“{mode}”'], 'web', kind, 'ok', {'link': 'v1', 'mode': mode})
    yield create_link(INVALID_ARGUMENT, ['protocol', '802.1ad'], 'web', 'vlan', 'ok',
                      {'link': 'v1', 'id': u(5), 'protocol': '802.1q'})
    for number in (0, 4095, 2**32 - 1):
        yield create_link(INVALID_ARGUMENT, ['4094', str(number)], 'web', 'vlan', 'ok', {'link': 'v1', 'id': u(number)})
    for number in (2**24, 2**32 - 1):
        yield create_link(INVALID_ARGUMENT, ['16777215', str(number)], 'web', 'vxlan', 'ok', {'id': u(number)})
    for kind in ('vlan', 'vxlan'):
        yield create_link(INVALID_ARGUMENT, ['id'], 'web', kind, 'ok', {'link': 'v1'})
        yield create_link(INVALID_ARGUMENT, ['id'], 'web', kind, 'ok', {'link': 'v1', 'id': '5'})
    for options, word in (({'port': GLib.Variant('q', 0)}, 'port'), ({'port': u(4789)}, 'port'),
                          ({'remote': '192.0.2.1/24'}, '192.0.2.1'), ({'remote': 'web'}, 'web'), ({'remote': ''}, ''),
                          ({'local': '1.2.3'}, '1.2.3'), ({'remote': '192.0.2.1', 'local': 'fd00::1'}, 'family')):
        yield create_link(INVALID_ARGUMENT, [word], 'web', 'vxlan', 'ok', {'id': u(5), **options})
    yield create_tap(INVALID_ARGUMENT, ['owner'], 'web', 'ok', {'owner': u(netns1.NOBODY)})
    yield create_tap(INVALID_ARGUMENT, ['owner'], 'web', 'ok', {'owner': 'alice'})
    for mtu in (0, 67, 2**31):
        yield create_tap(INVALID_ARGUMENT, [str(mtu)], 'web', 'ok', {'mtu': u(mtu)})
        yield create_link(INVALID_ARGUMENT, [str(mtu)], 'web', 'ifb', 'ok', {'mtu': u(mtu)})
    for mac in BAD_MACS[:-3]:
        yield create_tap(INVALID_ARGUMENT, [mac], 'web', 'ok', {'mac-address': mac})
        yield create_link(INVALID_ARGUMENT, [mac], 'web', 'ifb', 'ok', {'mac-address': mac})


def bad_address_options():
    def add(words, address, options):
        return of_link('web', 'v1', 'AddAddress', '(sa{sv})', INVALID_ARGUMENT, words, address, options)
    for key, value in (('peer', 'fd00::2'), ('broadcast', 'fd00::2'), ('peer', '10.5.0.2/32'), ('peer', 'web'),
                       ('scope', 'world'), ('scope', ''), ('dad', 'nodad'), ('dad', True), ('label', u(1)), ('metric', '5'),
                       ('prefix-route', 'no'), ('valid-lifetime', u(2**32 - 1)), ('preferred-lifetime', '10')):
        yield add(['10.5.0.2/32' if value == '10.5.0.2/32' else 'web' if value == 'web' else key], '10.5.0.1/24', {key: value})
    for key, value in (('peer', '10.5.0.2'), ('broadcast', '10.5.0.255'), ('label', 'v1:1'), ('scope', 'link')):
        yield add([key], 'fd00:5::1/64', {key: value})
    yield add(['15', 'a-label-of-16-by'], '10.5.0.1/24', {'label': 'a-label-of-16-by'})
    yield add(['preferred-lifetime', 'valid-lifetime'], '10.5.0.1/24',
              {'valid-lifetime': u(10), 'preferred-lifetime': u(11)})
    for text in ('10.0.0.1/24 peer', '10.0.0.1/24 peer ', '10.0.0.1/24 peer 10.0.0.2/32', '10.0.0.1/24 10.0.0.2',
                 '10.0.0.1/24 peer web', '10.0.0.1/24 peer 10.0.0.2 dev v1', '10.0.0.1/24 '):
        yield of_link('web', 'v1', 'RemoveAddress', '(s)', INVALID_ARGUMENT, [], text)
    yield of_link('web', 'v1', 'RemoveAddress', '(s)', 'NotFound', ['v1', '10.0.0.1/24 peer 10.0.0.2'],
                  '10.0.0.1/24 peer 10.0.0.2')


def bad_route_options():
    def add(words, destination, gateway, options):
        return of_namespace('web', 'AddRoute', '(ssa{sv})', INVALID_ARGUMENT, words, destination, gateway, options)
    for key, value in (('type', 'local'), ('type', ''), ('type', 'Blackhole'), ('onlink', 'yes'), ('onlink', u(1)),
                       ('table', 'main'), ('metric', True)):
        yield add([key], '192.0.2.0/24', '10.0.0.2', {key: value})
        yield of_namespace('web', 'RemoveRoute', '(ssa{sv})', INVALID_ARGUMENT, [key], '192.0.2.0/24', '', {key: value})
    for kind in ('blackhole', 'unreachable', 'prohibit', 'throw'):
        for gateway, options in (('10.0.0.2', {}), ('', {'link': 'v1'}), ('', {'source': '10.0.0.1'})):
            yield add([kind], '192.0.2.0/24', gateway, {'type': kind, **options})
    yield add(['onlink'], '192.0.2.0/24', '10.0.0.2', {'onlink': True})
    yield add(['onlink'], '192.0.2.0/24', '', {'onlink': True, 'link': 'v1'})
    yield add(['onlink'], 'fd00:5::/64', '', {'onlink': True, 'type': 'blackhole'})


def bad_rates():
    for rate in (1, 7999, 10**12 + 1, 2**64 - 1):
        yield of_link('web', 'v1', 'SetRateLimit', '(t)', INVALID_ARGUMENT, ['8000', '1000000000000', str(rate)], rate)
    for name, kind in (('v2', 'tbf'), ('p2', 'bfifo')):  # which `tc` made
        for rate in (0, 10**6):
            yield of_link('web', name, 'SetRateLimit', '(t)', 'Busy', [name, kind, 'tc qdisc del'], rate)


def bad_sysctls():
    def set_sysctl(error, words, key, value='1'):
        return of_namespace('web', 'SetSysctl', '(ss)', error, words, key, value)
    for key in ('', 'net', 'net.ipv4', 'net.ipv4.', 'kernel.hostname', 'net/ipv4/ip_forward', 'net.ipv4.tcp_mem',
                'net.core.rmem_max', 'net.ipv4.tcp_congestion_control', 'net.ipv4.conf.v1.log_martians',
                'net.ipv6.conf.v1.stable_secret', 'net.ipv4.conf.forwarding', 'net.ipv4.conf.v1.', 'net.ipv4.conf.',
                'net.ipv4.conf.v1', 'net.ipv4.../../../kernel/hostname', 'net.ipv4.conf.../../../kernel/hostname',
                'net.ipv4.IP_FORWARD', ' net.ipv4.ip_forward', 'net.ipv4.ip_forward ', 'net.ipv4.ip_forward\n', 'a' * 5000,
                'net.ipv4.neigh.default.gc_thresh3', 'net.ipv4.route.flush'):
        yield set_sysctl('NotSupported', ['not allowed; allowed '], key)
        yield of_namespace('web', 'GetSysctl', '(s)', 'NotSupported', ['not allowed; allowed '], key)
    yield set_sysctl('NotSupported', ['ip_unprivileged_port_start', 'tcp_keepalive_time'], 'net.ipv4.tcp_mem')
    for link in ('nope', '..', '.', '../..', '../../../kernel', 'v1/..', '', 'ALL', 'a' * 300, 'new\nline'):
        for prefix, setting in (('net.ipv4.conf', 'rp_filter'), ('net.ipv6.conf', 'mtu'),
                                ('net.ipv4.neigh', 'gc_stale_time')):
            yield set_sysctl('NotFound', ['link', 'web'], f'{prefix}.{link}.{setting}')
            yield of_namespace('web', 'GetSysctl', '(s)', 'NotFound', ['link'], f'{prefix}.{link}.{setting}')
    for value in ('', ' ', 'on', '1 2', '1;2', '0x10', '--1', '1-2', '-', '1,2', '1\n2', '\x01', '9' * 300):
        yield set_sysctl(INVALID_ARGUMENT, ['net.ipv4.ip_forward', '1 number'], 'net.ipv4.ip_forward', value)
    for value in ('1024', '1 2 3', '1024-2000', '1024,2000'):
        yield set_sysctl(INVALID_ARGUMENT, ['2 numbers'], 'net.ipv4.ip_local_port_range', value)
    yield set_sysctl(INVALID_ARGUMENT, ['3 numbers'], 'net.ipv4.tcp_rmem', '4096 8192')
    for value in ('', '80 81', 'http', '80,,81', '-5'):
        yield set_sysctl(INVALID_ARGUMENT, ['8080,9000-9100'], 'net.ipv4.ip_local_reserved_ports', value)
    for key, value in (('net.ipv4.ip_default_ttl', '256'), ('net.ipv4.ip_local_port_range', '3000 2000'),
                       ('net.ipv4.ip_unprivileged_port_start', '65536'), ('net.ipv6.conf.v1.addr_gen_mode', '9'),
                       ('net.ipv4.ip_local_reserved_ports', '70000'), ('net.ipv4.ip_forward', '99999999999999999999'),
                       ('net.ipv6.conf.v1.mtu', '100')):
        yield set_sysctl('KernelRefused', [key.rpartition('.')[2], value], key, value)


def bad_bridge_options():
    def of_bridge(words, options, error=INVALID_ARGUMENT, name='br0'):
        return Bad(error, words, path_of_link('web', name), 'Bridge.SetOptions', '(a{sv})', (options,))

    def of_port(words, options):
        return Bad(INVALID_ARGUMENT, words, path_of_link('web', 'p1'), 'BridgePort.SetOptions', '(a{sv})', (options,))
    for options, words in (({'stp': 'on'}, ['stp']), ({'stp': u(1)}, ['stp']), ({'colour': 'red'}, ['colour', 'ageing']),
                           ({'cost': u(5)}, ['cost']), (twice('stp', 'true'), ['stp', 'twice']),
                           ({'forward-delay': u(3001)}, ['forward-delay', '3000', '3001']),
                           ({'forward-delay': u(2**32 - 1)}, ['3000']), ({'ageing-time': u(100000001)}, ['100000000']),
                           ({'stp': True, 'forward-delay': u(199)}, ['forward delay', '200', '199']),
                           ({'stp': True, 'forward-delay': u(0), 'multicast-snooping': False}, ['200'])):
        yield of_bridge(words, options)
        yield create_bridge(INVALID_ARGUMENT, words, 'web', 'ok', options)
    yield of_bridge(['200', '100'], {'stp': True}, name='br8')  # whose forward delay is too short for that
    yield of_bridge(['200', '150'], {'forward-delay': u(150)}, name='br9')  # where the protocol is on
    for options, words in (({'cost': u(0)}, ['cost', '65535', '0']), ({'cost': u(65536)}, ['65535', '65536']),
                           ({'hairpin': u(1)}, ['hairpin']), ({'stp': True}, ['stp', 'hairpin']),
                           ({'isolated': 'yes'}, ['isolated'])):
        yield of_port(words, options)
