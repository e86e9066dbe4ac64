#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who may call what. Every method of introspection/*.xml, on everything that makes a difference to what it needs, is
# refused while its actions are not allowed, whichever others are, and without polkit; and works with exactly them.
# WORLD and TABLE are written by hand; a method or an action of the XML that they leave out is a failure.
import collections
import contextlib
import itertools
import signal
import socket
import unittest

import netns1
import truth
from gi.repository import GLib
from netns1 import ROOT, api, ip, run

ANNOTATIONS = ('Action', 'ActionForeign', 'ActionHost', 'ActionNat', 'ActionRaw', 'ActionForward', 'ActionPublic')
PUBLIC = {'Manager.GetNamespace', 'Manager.GetNamespaceByFD', 'Manager.GetLink', 'Link.GetStatistics', 'Process.Wait',
          'org.freedesktop.DBus.ObjectManager.GetManagedObjects'}
PUBLIC_FOR_OWN = {'Manager.GetNamespaceByPID', 'Namespace.ListProcesses', 'Namespace.ListNeighbours',
                  'Bridge.ListForwardingEntries', 'Link.GetRateLimit', 'Namespace.GetSysctl',
                  'Firewall.ListRules', 'Firewall.GetRuleset', 'Forward.GetCounters', 'Nat.GetCounters'}
OWN, FOREIGN, HOST, NAT = 'configure-own', 'configure-foreign', 'configure-host', 'nat'
CREATE, MANAGE = 'create-namespace', 'manage-service'
INSPECT, OPEN = 'inspect', 'open-namespace'
FORWARD, PUBLIC_FORWARD = 'forward', 'forward-public'
SOCKET, SOCKET_FOREIGN, SOCKET_RAW = 'open-socket', 'open-socket-foreign', 'open-raw-socket'
RUN, RUN_FOREIGN = 'run', 'run-foreign'
ACTIONS = {OWN, FOREIGN, HOST, NAT, CREATE, MANAGE, INSPECT, OPEN, SOCKET, SOCKET_FOREIGN, SOCKET_RAW, RUN,
           RUN_FOREIGN, FORWARD, PUBLIC_FORWARD}

# One call: a name for messages, what it needs, and how to make it: path is a path or a function of the world.
Call = collections.namedtuple('Call', 'label needs path method signature values')

# Namespaces of the world: alice's, bob's, and one that `ip netns` made; '' is the host.
MINE, BOBS, NOBODYS = 'mine', 'bobs', 'nobodys'
PLACES = (MINE, BOBS, NOBODYS, '')
CONFIGURE = {MINE: {OWN}, BOBS: {FOREIGN}, NOBODYS: {FOREIGN}, '': {HOST}}

LINKS = '''
link add br0 up type bridge
link add br1 up type bridge
link add v1 up type veth peer name v2
link add w1 up type veth peer name w2
link add p1 up master br1 type veth peer name p2
tuntap add t1 mode tap
address add 192.168.{number}.1/24 dev v1
route add 198.51.{number}.0/24 via 192.168.{number}.2
'''

# Networks: name, owner, options.
NETWORKS = (
    ('in-mine', 'alice', {'namespace': MINE}), ('in-mine-2', 'alice', {'namespace': MINE}),
    ('in-mine-nat', 'alice', {'namespace': MINE, 'nat': True}),
    ('alice-in-bobs-nat', 'alice', {'namespace': BOBS, 'nat': True}),
    ('bob-in-bobs', 'bob', {'namespace': BOBS}),
    ('of-alice', 'alice', {}), ('of-alice-2', 'alice', {}), ('of-alice-nat', 'alice', {'nat': True}),
    ('of-alice-used', 'alice', {}),
    ('of-bob', 'bob', {}), ('of-bob-2', 'bob', {}), ('of-bob-nat', 'bob', {'nat': True}), ('of-bob-used', 'bob', {}),
    ('of-bob-shared', 'bob', {'shared': True}), ('of-bob-shared-used', 'bob', {'shared': True}),
)
CONNECTIONS = ((MINE, 'of-alice-used'), (BOBS, 'of-alice-used'), (NOBODYS, 'of-alice-used'), (MINE, 'of-bob-used'),
               (MINE, 'of-bob-shared-used'), (BOBS, 'of-bob-shared-used'))
# Translations: key, owner, namespace, source.
NATS = (('alice-host', 'alice', '', '100.64.0.0/24'), ('bob-host', 'bob', '', '100.64.1.0/24'),
        ('alice-mine', 'alice', MINE, '100.64.2.0/24'), ('bob-bobs', 'bob', BOBS, '100.64.3.0/24'),
        ('alice-bobs', 'alice', BOBS, '100.64.4.0/24'), ('bob-mine', 'bob', MINE, '100.64.5.0/24'))

# Port forwards: key, owner, namespace, port. Both namespaces are on a network of the host.
FORWARDS = (('alice-mine', 'alice', MINE, 1001), ('bob-bobs', 'bob', BOBS, 1002), ('alice-bobs', 'alice', BOBS, 1003),
            ('bob-mine', 'bob', MINE, 1004))


def of_manager(method, signature, needs, *values):
    return Call(f'{method}{values[:-1]}', frozenset(needs), ROOT, f'Manager.{method}', signature, values)


def of_link(place, name, method, signature=None, *values, needs=None):
    return Call(f'{method} of {place or "host"}:{name} {values}', frozenset(needs or CONFIGURE[place]),
                lambda world: world.links[place, name], f'Link.{method}', signature,
                values)


def of_namespace(place, method, signature, needs, *values):
    return Call(f'{method} of {place or "host"}', frozenset(needs), f'{ROOT}/namespace/{place or "_host"}',
                f'Namespace.{method}', signature, values)


def of_network(name, method, needs, signature=None, *values):
    return Call(f'{method} of network {name}', frozenset(needs), netns1.network_path(name), f'Network.{method}', signature,
                values)


def of_nat(key, needs, method='Delete'):
    return Call(f'{method} of nat {key}', frozenset(needs), lambda world: world.nats[key], f'Nat.{method}', None, ())


def of_kind(place, name, method, options, needs=None):
    return Call(f'{method} of {place or "host"}:{name}', frozenset(needs or CONFIGURE[place]),
                lambda world: world.links[place, name], method, '(a{sv})' if options else None,
                (options,) if options else ())


def of_forward(key, method, needs):
    return Call(f'{method} of forward {key}', frozenset(needs), lambda world: world.forwards[key], f'Forward.{method}', None,
                ())


def calls_on_forwards():
    for number, (place, scope, needs) in enumerate((
            (MINE, 'loopback', {FORWARD}), (MINE, 'host', {FORWARD}), (MINE, 'public', {PUBLIC_FORWARD}),
            (BOBS, 'loopback', {FORWARD, FOREIGN}), (NOBODYS, 'public', {PUBLIC_FORWARD, FOREIGN}))):
        yield of_manager('CreateForward', '(ssqa{sv})', needs, place, 'tcp', 80,
                         {'scope': scope, 'listen-port': GLib.Variant('q', 1100 + number)})
    for key, needs in (('bob-bobs', {INSPECT}), ('alice-bobs', {INSPECT}), ('bob-mine', {INSPECT})):
        yield of_forward(key, 'GetCounters', needs)
    for key, needs in (('alice-mine', {FORWARD}), ('bob-bobs', {FORWARD, FOREIGN}), ('alice-bobs', {FORWARD, FOREIGN}),
                       ('bob-mine', {FORWARD, FOREIGN})):
        yield of_forward(key, 'Delete', needs)


def calls_on_links(place):
    """All can be made in a world that is as it was built, and one after the other."""
    number = PLACES.index(place)
    yield of_link(place, 'v1', 'SetEnabled', '(b)', False)
    yield of_link(place, 'v2', 'SetName', '(s)', 'renamed')
    yield of_link(place, 'v1', 'SetMtu', '(u)', 1400)
    yield of_link(place, 'v1', 'SetMacAddress', '(s)', '02:00:00:00:00:01')
    yield of_link(place, 'v1', 'SetDescription', '(s)', 'changed')
    yield of_link(place, 'v1', 'AddAddress', '(sa{sv})', '203.0.113.1/24', {})
    yield of_link(place, 'v1', 'RemoveAddress', '(s)', f'192.168.{number}.1/24')
    yield of_link(place, 'v1', 'SetRateLimit', '(t)', 8000000)
    yield of_link(place, 'v2', 'AttachTo', '(o)', lambda world: world.links[place, 'br0'])
    yield of_kind(place, 'br1', 'Bridge.SetOptions', {'multicast-snooping': False})
    yield of_kind(place, 'p1', 'BridgePort.SetOptions', {'isolated': True})
    yield of_link(place, 'p1', 'Detach')
    yield of_link(place, 'v1', 'Delete')


def calls_on_routes(place):
    number = PLACES.index(place)
    yield of_namespace(place, 'RemoveRoute', '(ssa{sv})', CONFIGURE[place], f'198.51.{number}.0/24',
                       f'192.168.{number}.2', {})
    yield of_namespace(place, 'AddRoute', '(ssa{sv})', CONFIGURE[place], '198.51.100.0/24', f'192.168.{number}.2', {})


def calls_on_dns():
    for place in (MINE, BOBS, NOBODYS):
        yield of_namespace(place, 'SetDns', '(asas)', CONFIGURE[place], ['192.0.2.53'], [])


def calls_on_sysctls():
    for place in PLACES:
        yield of_namespace(place, 'SetSysctl', '(ss)', CONFIGURE[place], 'net.core.somaxconn', '5000')
        for key in ('net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'):
            yield of_namespace(place, 'SetSysctl', '(ss)', {NAT} | (CONFIGURE[place] & {FOREIGN}), key, '1')


def calls_that_move_links():
    for place in (MINE, BOBS, NOBODYS):
        yield of_link(place, 'w1', 'MoveTo', '(sa{sv})', '', {'name': f'from-{place}'},
                      needs=CONFIGURE[place] - {OWN} | {HOST})
    yield of_link('', 'w1', 'MoveTo', '(sa{sv})', MINE, {'name': 'from-host'}, needs={HOST})
    yield of_link('', 'w2', 'MoveTo', '(sa{sv})', BOBS, {'name': 'from-host'}, needs={HOST, FOREIGN})
    yield of_link(MINE, 'p2', 'MoveTo', '(sa{sv})', 'mine2', {}, needs={OWN})
    yield of_link(MINE, 'w2', 'MoveTo', '(sa{sv})', BOBS, {'name': 'from-mine'}, needs={FOREIGN})
    yield of_link(NOBODYS, 'w2', 'MoveTo', '(sa{sv})', MINE, {'name': 'from-nobody'}, needs={FOREIGN})


def calls_on_namespaces():
    yield of_manager('CreateNamespace', '(sa{sv})', {CREATE}, 'new', {})
    yield of_manager('Reload', None, {MANAGE})
    yield of_namespace('mine2', 'Rename', '(s)', {OWN}, 'mine4')
    yield of_namespace('bobs2', 'Rename', '(s)', {FOREIGN}, 'bobs4')
    yield of_namespace('mine3', 'Delete', '(a{sv})', {OWN}, {})
    yield of_namespace('bobs3', 'Delete', '(a{sv})', {FOREIGN}, {})
    for place in (MINE, BOBS, NOBODYS):
        yield of_namespace(place, 'SetOwner', '(u)', {MANAGE}, netns1.CAROL)
    yield of_namespace(NOBODYS, 'Delete', '(a{sv})', {FOREIGN}, {})


def calls_that_make_links():
    for index, (first, second) in enumerate(itertools.combinations_with_replacement(PLACES, 2)):
        needs = CONFIGURE[first] | CONFIGURE[second]
        yield of_manager('CreateVeth', '(ssssa{sv})', needs - {OWN} or {OWN}, first, f'a{index}', second, f'b{index}',
                         {})
    for place in PLACES:
        yield of_manager('CreateBridge', '(ssa{sv})', CONFIGURE[place], place, 'new-bridge', {})
        yield of_manager('CreateTap', '(ssa{sv})', CONFIGURE[place], place, 'new-tap', {})
        yield of_manager('CreateLink', '(sssa{sv})', CONFIGURE[place], place, 'ifb', 'new-ifb', {})
    for first, second in itertools.permutations(PLACES, 2):  # on a link of another namespace
        yield of_manager('CreateLink', '(sssa{sv})', (CONFIGURE[first] | CONFIGURE[second]) - {OWN}, first, 'macvlan',
                         f'on-{second}-w1', {'link': 'w1', 'link-namespace': second})


def calls_on_processes():
    yield of_manager('GetNamespaceByPID', '(u)', {INSPECT}, lambda world: world.processes[BOBS].pid)
    for place in (BOBS, NOBODYS, ''):
        yield of_namespace(place, 'ListProcesses', None, {INSPECT})
        yield of_namespace(place, 'ListNeighbours', None, {INSPECT})
        yield of_namespace(place, 'GetSysctl', '(s)', {INSPECT}, 'net.core.somaxconn')
        yield of_kind(place, 'br1', 'Bridge.ListForwardingEntries', None, needs={INSPECT})
        yield of_link(place, 'br1', 'GetRateLimit', needs={INSPECT})
    for place, needed in ((MINE, SOCKET), (BOBS, SOCKET_FOREIGN), (NOBODYS, SOCKET_FOREIGN), ('', SOCKET_FOREIGN)):
        yield of_namespace(place, 'OpenSocket', '(iii)', {needed}, socket.AF_INET, socket.SOCK_STREAM, 0)
        yield of_namespace(place, 'Open', None, {OPEN})
    yield of_namespace(MINE, 'OpenSocket', '(iii)', {SOCKET_RAW}, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    yield of_namespace(BOBS, 'OpenSocket', '(iii)', {SOCKET_RAW, SOCKET_FOREIGN}, socket.AF_PACKET, socket.SOCK_RAW, 0)
    for place, needed in ((MINE, RUN), (BOBS, RUN_FOREIGN), (NOBODYS, RUN_FOREIGN), ('', RUN_FOREIGN)):
        yield of_namespace(place, 'Run', '(asassaha{sv})', {needed}, ['true'], [], '', [], {})
    for whose, needed in (('alice', RUN), ('bob', RUN_FOREIGN)):
        yield Call(f'Signal of {whose}', frozenset({needed}), lambda world, whose=whose: world.jobs[whose],
                   'Process.Signal', '(i)', (signal.SIGCONT,))
    yield of_manager('AdoptProcess', '(sua{sv})', {CREATE}, 'adopted', lambda world: world.processes['alice'].pid, {})
    yield of_manager('AdoptProcess', '(sua{sv})', {FOREIGN}, 'adopted2', lambda world: world.processes['root'].pid, {})


def of_firewall(place, method, signature, needs, *values):
    return Call(f'{method} of the firewall of {place or "host"}', frozenset(needs), f'{ROOT}/namespace/{place or "_host"}',
                f'Firewall.{method}', signature, values)


def calls_on_firewalls():
    for place in PLACES:
        yield of_firewall(place, 'SetPolicy', '(ss)', CONFIGURE[place], 'forward', 'drop')
        yield of_firewall(place, 'AddRule', '(a{sv})', CONFIGURE[place], {'chain': 'input', 'action': 'accept'})
        yield of_firewall(place, 'RemoveRule', '(t)', CONFIGURE[place], 1)
    for place in (BOBS, NOBODYS, ''):
        yield of_firewall(place, 'ListRules', None, {INSPECT})
        yield of_firewall(place, 'GetRuleset', None, {INSPECT})


def calls_on_networks():
    for number, (place, nat, needs) in enumerate((
            (MINE, False, {OWN}), (MINE, True, {NAT}), (BOBS, False, {FOREIGN}), (BOBS, True, {FOREIGN, NAT}),
            (NOBODYS, False, {FOREIGN}), (NOBODYS, True, {FOREIGN, NAT}), ('', False, {HOST}), ('', True, {NAT}))):
        yield of_manager('CreateNetwork', '(sa{sv})', needs, f'new-{number}',
                         {'namespace': place, 'nat': nat, 'subnets': [f'10.77.{number}.0/24']})
    yield of_manager('CreateNetwork', '(sa{sv})', {HOST}, 'on-a-bridge', {'bridge': 'br0'})
    for namespace, network, needs in (
            (MINE, 'of-alice', {OWN}), (MINE, 'of-bob-shared', {OWN}), (MINE, 'of-bob', {FOREIGN}),
            (BOBS, 'of-alice', {FOREIGN}), (NOBODYS, 'of-alice', {FOREIGN}), (BOBS, 'of-bob-shared', {FOREIGN})):
        yield of_manager('Connect', '(ssa{sv})', needs, namespace, network, {})
    for namespace, network in CONNECTIONS:
        own = namespace == MINE and network != 'of-bob-used'
        yield of_manager('Disconnect', '(ss)', {OWN} if own else {FOREIGN}, namespace, network)
    for name, needs in (('of-alice-2', {NAT}), (f'{MINE}:in-mine', {NAT}), ('of-bob-2', {NAT, FOREIGN}),
                        (f'{BOBS}:bob-in-bobs', {NAT, FOREIGN})):
        yield of_network(name, 'SetNat', needs, '(b)', True)
    yield of_network('of-alice-nat', 'SetNat', {NAT}, '(b)', False)


def calls_that_delete_networks():
    for name, needs in ((f'{MINE}:in-mine-2', {OWN}), (f'{MINE}:in-mine-nat', {NAT}),
                        (f'{BOBS}:alice-in-bobs-nat', {NAT, FOREIGN}),
                        ('of-bob-nat', {NAT, FOREIGN}), ('of-alice-used', {HOST}), ('of-bob-used', {HOST, FOREIGN})):
        yield of_network(name, 'Delete', needs)


def calls_on_nats():
    for place, needs in ((MINE, {NAT}), (BOBS, {NAT, FOREIGN}), (NOBODYS, {NAT, FOREIGN}), ('', {NAT})):
        yield of_manager('CreateNat', '(sasa{sv})', needs, place, ['100.65.0.0/24'], {})
    for key in ('bob-host', 'bob-bobs', 'bob-mine'):
        yield of_nat(key, {INSPECT}, 'GetCounters')
    for key, needs in (('alice-host', {NAT}), ('bob-host', {NAT, FOREIGN}), ('alice-mine', {NAT}),
                       ('bob-bobs', {NAT, FOREIGN}), ('alice-bobs', {NAT, FOREIGN}), ('bob-mine', {NAT, FOREIGN})):
        yield of_nat(key, needs)


TABLE = [
    *calls_on_forwards(),
    *calls_that_make_links(),
    *calls_on_networks(),
    *calls_on_nats(),
    *calls_on_firewalls(),
    *itertools.chain.from_iterable(calls_on_routes(place) for place in PLACES),
    *itertools.chain.from_iterable(calls_on_links(place) for place in PLACES),
    *calls_on_dns(),
    *calls_on_processes(),
    *calls_on_sysctls(),
    *calls_that_delete_networks(),
    *calls_that_move_links(),
    *calls_on_namespaces(),
]
# Busy until the calls before them have been made, and told so before anybody is asked.
BUSY_AT_FIRST = ('Delete of network of-alice-used', 'Delete of network of-bob-used')
GROUP = 30  # calls between two looks at the whole kernel


def short(member):
    return str(member).removeprefix(netns1.SERVICE + '.')


def all_members():
    return [member for interface in api.load().values() for member in interface.members]


def rule_by_process(allowed):
    """A rule that tells connections of one user apart: for each process the actions that it may."""
    table = ', '.join(f'"{pid}": [{", ".join(f"{chr(34)}{name}{chr(34)}" for name in sorted(actions))}]'
                      for pid, actions in allowed.items())
    return f'''
polkit.addRule(function(action, subject) {{
  if (action.id.indexOf("{netns1.SERVICE}.") != 0)
    return undefined;
  var allowed = {{ {table} }}[subject.pid] || [];
  return allowed.indexOf(action.id.substring({len(netns1.SERVICE) + 1})) >= 0 ? polkit.Result.YES : polkit.Result.NO;
}});
'''


class Table(unittest.TestCase):
    """What is written by hand here agrees with the XML."""

    def test_every_method(self):
        methods = {short(member) for member in all_members() if member.kind == 'method'}
        self.assertEqual(methods, {call.method for call in TABLE} | PUBLIC)

    def test_public(self):
        public = {short(member) for member in all_members()
                  if member.kind == 'method' and member.annotations[api.ACTION] == 'public'}
        self.assertEqual(public, PUBLIC | PUBLIC_FOR_OWN)

    def test_every_action(self):
        """Each method is called in such a way that it needs each of its actions."""
        needed = collections.defaultdict(set)
        for call in TABLE:
            needed[call.method] |= call.needs
        for member in all_members():
            if member.kind == 'method' and short(member) not in PUBLIC:
                actions = {member.annotations[f'{netns1.SERVICE}.{name}'].removeprefix(netns1.SERVICE + '.')
                           for name in ANNOTATIONS if f'{netns1.SERVICE}.{name}' in member.annotations}
                self.assertEqual(needed[short(member)], actions - {'public'}, member)

    def test_combinations(self):
        """Somebody else's and the host's, somebody else's with NAT: both actions."""
        combined = {frozenset(call.needs) for call in TABLE}
        self.assertGreaterEqual(combined, {frozenset({HOST, FOREIGN}), frozenset({NAT, FOREIGN})})


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Matrix(netns1.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        needs = {call.needs for call in TABLE}
        sets = {frozenset(), *needs, *(frozenset(ACTIONS - {one}) for need in needs for one in need)}
        cls.alice_with = {allowed: cls.join(netns1.ALICE) for allowed in sets}  # what she may on this connection

    def setUp(self):
        super().setUp()
        self.links, self.nats, self.forwards = {}, {}, {}
        netns1.set_rules('allow-all')
        self.build_world()
        netns1.set_rules(rule_by_process({caller.pid: allowed for allowed, caller in self.alice_with.items()}))

    def build_world(self):
        for name in (MINE, 'mine2', 'mine3'):
            self.alice.create_namespace(name)
        for name in (BOBS, 'bobs2', 'bobs3'):
            self.bob.create_namespace(name)
        run('ip', 'netns', 'add', NOBODYS)
        netns1.wait_for(lambda: f'{ROOT}/namespace/{NOBODYS}' in self.root.managed_objects())
        for number, place in enumerate(PLACES):
            run('ip', '-batch', '-', namespace=place or None, input=LINKS.format(number=number))
        owners = {'alice': self.alice, 'bob': self.bob}
        for number, (name, owner, options) in enumerate(NETWORKS):
            owners[owner].call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name,
                               {'subnets': [f'10.66.{number}.0/24'], **options})
        for namespace, network in CONNECTIONS:
            self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', namespace, network, {'default-route': False})
        for key, owner, place, source in NATS:
            self.nats[key] = owners[owner].call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', place, [source], {})
        for place in PLACES:
            self.root.call(f'{ROOT}/namespace/{place or "_host"}', 'Firewall', 'AddRule', '(a{sv})',
                           {'chain': 'output', 'action': 'accept'})
        for key, owner, place, port in FORWARDS:
            self.forwards[key] = owners[owner].call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', place, 'tcp', port, {})
        self.processes = {BOBS: netns1.sleeper(self, 'ip', 'netns', 'exec', BOBS),
                          MINE: netns1.sleeper(self, 'ip', 'netns', 'exec', MINE),
                          'root': netns1.sleeper(self, 'unshare', '-n'),
                          'alice': netns1.sleeper(self, 'unshare', '-Urn', uid=netns1.ALICE)}
        self.jobs = {name: caller.call(f'{ROOT}/namespace/{place}', 'Namespace', 'Run', '(asassaha{sv})',
                                       ['sleep', '1000'], [], '', [], {})
                     for name, caller, place in (('alice', self.alice, MINE), ('bob', self.bob, BOBS))}
        for place in PLACES:
            for info in ip('link', namespace=place or None):
                self.links[place, info['ifname']] = self.root.link(place, info['ifname'])

    def path_of(self, call):
        return call.path(self) if callable(call.path) else call.path

    def make(self, call, caller, result):
        """Makes a call, and looks for the one line about it in the log."""
        interface, _, method = call.method.rpartition('.')
        path = self.path_of(call)
        values = [value(self) if callable(value) else value for value in call.values]
        log = len(netns1.NETNSD.log)
        try:
            caller.call(path, interface, method, call.signature, *values)
        finally:
            lines = [line for line in netns1.NETNSD.log[log:].splitlines() if ' uid ' in line]
            self.assertEqual(len(lines), 1, lines)
            self.assertRegex(lines[0], rf': uid {caller.uid}: {method} on {path}( .*)?: {result}')

    def assert_refused(self, call, caller):
        with self.subTest(call.label), self.assertBusError('AccessDenied'):
            self.make(call, caller, 'org.freedesktop.DBus.Error.AccessDenied: Not authorized')

    def own_memory(self):
        """What the service knows besides the kernel, which adds link-local routes a moment later."""
        return {(path, name, key): [route for route in value if not route['destination'].startswith('fe80:')]
                if key == 'RouteData' else value
                for path, interfaces in truth.lasting(self.root.managed_objects()).items()
                for name, properties in interfaces.items() for key, value in properties.items()
                if name.rpartition('.')[2] in ('Namespace', 'Network', 'Nat', 'Forward') and key != 'Routes'}

    @contextlib.contextmanager
    def nothing_changed(self):
        memory = self.own_memory()
        with self.unchanged():
            yield
        self.assertEqual(self.own_memory(), memory)

    def assert_all_refused(self, callers_for):
        calls = [call for call in TABLE if call.label not in BUSY_AT_FIRST]
        for start in range(0, len(calls), GROUP):
            netns1.NETNSD.restart()  # which writes down so many refusals of one user and no more
            with self.nothing_changed():
                for call in calls[start:start + GROUP]:
                    for caller in callers_for(call):
                        self.assert_refused(call, caller)

    def lacking_one(self, call):
        return [self.alice_with[frozenset(ACTIONS - {one})] for one in call.needs]

    def test_nothing_allowed(self):
        self.assert_all_refused(lambda call: [self.alice_with[frozenset()]])

    def test_all_others_allowed(self):
        """Each action that is needed is really asked for, and none stands for another."""
        self.assert_all_refused(self.lacking_one)

    def test_without_polkit(self):
        netns1.POLKITD.kill()
        try:
            self.assert_all_refused(lambda call: [self.alice_with[call.needs]])
            self.root.create_namespace('of-root')  # who is not asked
            self.assertIn('of-root', netns1.namespaces())
            self.alice.get_all(ROOT, 'Manager')  # and what nobody is asked for
        finally:
            netns1.POLKITD.start()
        self.alice_with[frozenset({CREATE})].create_namespace('of-alice')
        self.assertIn('of-alice', netns1.namespaces())

    def test_exactly_these_allowed(self):
        for call in TABLE:
            with self.subTest(call.label):
                if call.label in BUSY_AT_FIRST:
                    with self.nothing_changed():
                        for caller in (self.alice_with[frozenset()], *self.lacking_one(call)):
                            self.assert_refused(call, caller)
                self.make(call, self.alice_with[call.needs], 'done$')

    def test_public(self):
        nobody = self.alice_with[frozenset()]
        with self.unchanged():
            self.assertEqual(nobody.call(ROOT, 'Manager', 'GetNamespace', '(s)', BOBS), f'{ROOT}/namespace/{BOBS}')
            self.assertEqual(nobody.link(BOBS, 'v1'), self.links[BOBS, 'v1'])
            self.assertIn('rx-bytes', nobody.call(self.links[BOBS, 'v1'], 'Link', 'GetStatistics'))
            self.assertIn(self.links[BOBS, 'v1'], nobody.managed_objects())

    def test_public_for_own(self):
        nobody, pid = self.alice_with[frozenset()], self.processes[MINE].pid
        self.assertEqual(nobody.call(ROOT, 'Manager', 'GetNamespaceByPID', '(u)', pid), f'{ROOT}/namespace/{MINE}')
        self.assertEqual(nobody.call(self.links[MINE, 'v1'], 'Link', 'GetRateLimit'), 0)
        nobody.call(f'{ROOT}/namespace/{MINE}', 'Namespace', 'ListNeighbours')
        self.assertEqual(nobody.call(f'{ROOT}/namespace/{MINE}', 'Namespace', 'GetSysctl', '(s)', 'net.ipv4.ip_forward'),
                         netns1.sysctl('net.ipv4.ip_forward', namespace=MINE))
        bridge = self.links[MINE, 'br1']
        self.assertIn('p1', [entry[1] for entry in nobody.call(bridge, 'Bridge', 'ListForwardingEntries')])
        self.assertIn((pid, 0, 'sleep'), nobody.call(f'{ROOT}/namespace/{MINE}', 'Namespace', 'ListProcesses'))
        self.assertEqual(nobody.call(ROOT, 'Manager', 'GetNamespaceByPID', '(u)', nobody.pid), netns1.HOST)
        self.assertEqual(len(nobody.call(f'{ROOT}/namespace/{MINE}', 'Firewall', 'ListRules')[0]), 7)
        self.assertIn('nftables', nobody.call(f'{ROOT}/namespace/{MINE}', 'Firewall', 'GetRuleset'))
        self.assertEqual(nobody.call(self.forwards['alice-mine'], 'Forward', 'GetCounters'), (0, 0))
        for key in ('alice-host', 'alice-mine', 'alice-bobs'):
            self.assertEqual(nobody.call(self.nats[key], 'Nat', 'GetCounters'), (0, 0))

    def test_set_of_every_property(self):
        """All are read-only, for root as for everybody."""
        interfaces = api.load()
        seen = set()
        objects = self.root.managed_objects()
        memory = self.own_memory()
        before = netns1.snapshot()
        for path, name in self.one_of_each(objects, interfaces):
            for member in interfaces[name].properties:
                seen.add(str(member))
                found = self.root.get(path, name, member.name)
                # The types of the values of a{sv} are lost on the way here.
                value = GLib.Variant(member.type, [] if member.type == 'aa{sv}' else found)
                for caller in (self.root, self.alice_with[frozenset(ACTIONS - {NAT})]):
                    with self.subTest(str(member)), self.assertRaises(netns1.BusError) as context:
                        caller.set(path, name, member.name, value)
                    self.assertIn(context.exception.name, ('InvalidArgs', 'AccessDenied', 'PropertyReadOnly'))
        self.assertEqual(netns1.difference(before, netns1.snapshot()), '')
        self.assertEqual(self.own_memory(), memory)
        self.assertEqual(seen, {str(member) for member in all_members() if member.kind == 'property'})

    def one_of_each(self, objects, interfaces):
        """An object for each interface that has properties."""
        for name, interface in interfaces.items():
            if name == f'{netns1.SERVICE}.Manager':
                yield ROOT, name
            elif interface.properties:
                yield next(path for path, found in objects.items() if name in found), name


if __name__ == '__main__':
    netns1.main()
