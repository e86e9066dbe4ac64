# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules and policies of firewalls that make no sense, for test-bad-input.py: each row is what its Bad is."""
import netns1
from gi.repository import GLib

# A dictionary with one key twice, which only a message can have.
TWICE = GLib.Variant.parse(GLib.VariantType('a{sv}'), "[{'action', <'drop'>}, {'action', <'drop'>}]")


def of_firewall(bad, method, signature, error, words, *values, place='web'):
    return bad(error, words, f'{netns1.ROOT}/namespace/{place}', f'Firewall.{method}', signature, values)


def of_rule(bad, words, error='InvalidArgument', **keys):
    keys = {key.replace('_', '-'): value for key, value in keys.items()}
    return of_firewall(bad, 'AddRule', '(a{sv})', error, words, {'chain': 'input', 'action': 'accept', **keys})


def rows(bad, subnets, link_names):
    for chain in ('INPUT', 'prerouting', '', 'in put', 'output ', 'ü'):
        yield of_firewall(bad, 'SetPolicy', '(ss)', 'InvalidArgument', ['input, forward or output'], chain, 'drop')
        yield of_rule(bad, ['input, forward or output'], chain=chain)
    for policy in ('reject', '', 'DROP', 'queue'):
        yield of_firewall(bad, 'SetPolicy', '(ss)', 'InvalidArgument', ['accept or drop', policy], 'input', policy)
    yield of_firewall(bad, 'AddRule', '(a{sv})', 'InvalidArgument', ['chain'], {})
    yield of_firewall(bad, 'AddRule', '(a{sv})', 'InvalidArgument', ['action'], {'chain': 'input'})
    for action in ('allow', '', 'jump x', 'masquerade'):
        yield of_rule(bad, ['accept, drop or reject'], action=action)
    for protocol in ('', 'TCP', '6', 'http', 'tcp;', 'icmp6'):
        yield of_rule(bad, [protocol, 'tcp, udp'], protocol=protocol)
    for ports in ('0', '65536', '-1', '80-', '-80', '80-90-100', '90-80', '0-10', '65000-65536', '', ' 80', '80 ', '0x50',
                  'http', '4294967376', '1,2', '+80'):
        for key in ('destination_ports', 'source_ports'):
            yield of_rule(bad, [ports], protocol='tcp', **{key: [ports]})
            yield of_rule(bad, [ports], protocol='udp', **{key: ['7', ports]})
    yield of_rule(bad, ['80', '70-90', 'overlap'], protocol='tcp', destination_ports=['80', '70-90'])
    yield of_rule(bad, ['80', 'overlap'], protocol='tcp', destination_ports=['80', '80'])
    yield of_rule(bad, ['64', '65'], protocol='tcp', destination_ports=[str(port) for port in range(1, 66)])
    yield of_rule(bad, ['tcp, udp'], destination_ports=['80'])
    yield of_rule(bad, ['tcp, udp'], protocol='icmp', source_ports=['80'])
    for text in subnets:
        yield of_rule(bad, [text.split('/')[0]], source=text)
        yield of_rule(bad, [text.split('/')[0]], destination=text)
    for keys in ({'source': '10.0.0.0/8', 'destination': 'fd00::/8'}, {'source': 'fd00::1', 'protocol': 'icmp'},
                 {'destination': '10.0.0.1', 'protocol': 'icmpv6'}):
        yield of_rule(bad, ['IPv4 and IPv6'], **keys)
    for state in ('NEW', '', 'open', 'new,established'):
        yield of_rule(bad, [state, 'established'], connection_state=['new', state])
    for name in link_names:
        yield of_rule(bad, [], 'InvalidName', in_link=name)
        yield of_rule(bad, [], 'InvalidName', chain='forward', out_link=name)
    yield of_rule(bad, ['a-long-name-of-a-link', '15'], 'InvalidName', in_link='a-long-name-of-a-link')
    yield of_rule(bad, ['input', 'out-link'], out_link='v1')
    yield of_rule(bad, ['output', 'in-link'], chain='output', in_link='v1')
    for comment in ('a' * 101, 'two\nlines', 'a"b', 'ü' * 51, '\x1b[2J'):
        yield of_rule(bad, ['100'], comment=comment)
    for position in (2, 3, 2**32 - 1):
        yield of_rule(bad, [str(position), 'input'], position=GLib.Variant('u', position))
    for key in ('colour', 'Chain', '', 'handle', 'destination-port'):
        yield of_rule(bad, [f'“{key}”'], **{key: 'red'})
    yield of_rule(bad, ['destination-ports', 'as'], destination_ports='80')
    yield of_rule(bad, ['position', 'u'], position='1')
    yield of_firewall(bad, 'AddRule', '(a{sv})', 'InvalidArgument', ['action', 'twice'], TWICE)
    for handle in (0, 1, 2**64 - 1):
        yield of_firewall(bad, 'RemoveRule', '(t)', 'NotFound', [str(handle)], handle)


def passage_rows(bad):
    """What cannot be done about firewalls of others."""
    def create(error, words, **options):
        return bad(error, words, netns1.ROOT, 'Manager.CreateNetwork', '(sa{sv})', ('ok', options))

    def connect(error, words, network, word):
        return bad(error, words, netns1.ROOT, 'Manager.Connect', '(ssa{sv})', ('db', network, {'firewall': word}))
    for word in ('Check', 'heal', 'yes'):
        yield create('InvalidArgument', [word, 'check or cure'], firewall=word, nat=True)
        yield connect('InvalidArgument', [word, 'use check'], 'lan', word)
    for word in ('check', 'cure'):
        yield create('InvalidArgument', ['without NAT', word], firewall=word)
    yield connect('InvalidArgument', ['without NAT'], 'idle', 'check')
    for network in ('lan', 'idle'):
        yield connect('InvalidArgument', ['cure', 'use check'], network, 'cure')


def refused_rows(bad):
    """While another program keeps the table."""
    yield of_firewall(bad, 'SetPolicy', '(ss)', 'KernelRefused', ['Operation not permitted'], 'input', 'drop', place='db')
    yield of_firewall(bad, 'AddRule', '(a{sv})', 'KernelRefused', ['Operation not permitted'],
                      {'chain': 'input', 'action': 'drop'}, place='db')
