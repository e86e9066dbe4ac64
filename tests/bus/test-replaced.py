#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# While a dialog is open, what it speaks of is replaced by another thing of the same name or number: the password is for
# none but the first one. For each kind of thing, and each way to name it.
import dataclasses
import os
import signal
import subprocess

import netns1
import running
from dialogs import DialogTestCase, path_of
from gi.repository import GLib
from netns1 import ROOT, run, wait_for, u

# A process that moves to another network namespace, and keeps its number.
MOVES = 'trap "exec unshare --net sleep 1000" USR1; echo ready; while :; do sleep 0.1; done'


def index_of(name, namespace):
    return str(netns1.link(name, namespace)['ifindex'])


@dataclasses.dataclass
class Kind:
    """prepare(test) returns the calls, replace(test) is what happens during the dialogs."""
    name: str
    prepare: callable
    replace: callable
    errors: tuple = ('NamespaceGone',)


# ---- what happens meanwhile

def replace_namespace(test):
    for name in ('mine', 'theirs'):
        run('ip', 'netns', 'delete', name)
        run('ip', 'netns', 'add', name)
        run('ip', 'link', 'add', 'eth8', 'type', 'veth', 'peer', 'name', 'eth7', namespace=name)


def replace_pair(name, peer, namespace):
    """By another one with the same names and numbers."""
    numbers = [index_of(end, namespace) for end in (name, peer)]
    run('ip', 'link', 'delete', name, namespace=namespace)
    run('ip', 'link', 'add', name, 'index', numbers[0], 'type', 'veth', 'peer', 'name', peer, 'index', numbers[1],
        namespace=namespace)


def replace_link(test):
    replace_pair('eth7', 'eth8', 'theirs')
    replace_pair('eth7', 'eth8', 'mine')
    run('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'eth7', namespace='mine')
    run('ip', 'link', 'set', 'eth7', 'up', namespace='mine')


def replace_bridge(name, namespace):
    number = index_of(name, namespace)
    run('ip', 'link', 'delete', name, namespace=namespace)
    run('ip', 'link', 'add', name, 'index', number, 'type', 'bridge', namespace=namespace)


def replace_master(test):
    replace_bridge('br0', 'mine')
    run('ip', 'link', 'set', 'p0', 'master', 'br0', namespace='mine')


def replace_port(test):
    replace_pair('p0', 'p1', 'mine')
    run('ip', 'link', 'set', 'p0', 'master', 'br0', namespace='mine')


def replace_route(test):
    run('ip', 'route', 'replace', '198.51.100.0/24', 'via', '192.0.2.3', namespace='mine')
    wait_for(lambda: '192.0.2.3' in str(test.root.get(path_of('mine'), 'Namespace', 'Routes')))


def replace_definitions(test):
    call = test.root.call
    call(test.forward, 'Forward', 'Delete')
    call(test.nat, 'Nat', 'Delete')
    call(ROOT, 'Manager', 'Disconnect', '(ss)', 'theirs', 'lan')
    call(f'{ROOT}/network/lan', 'Network', 'Delete')
    assert test.make_definitions() == (test.nat, test.forward)


def replace_target(test):
    run('ip', 'netns', 'delete', 'mine')
    run('ip', 'netns', 'add', 'mine')
    wait_for(lambda: all(info['ifname'] != 'veth-mine-h' for info in netns1.ip('link')))
    test.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'mine', 'lan', {})


def replace_rule(test):
    """A handle is never given again."""
    test.root.call(path_of('mine'), 'Firewall', 'RemoveRule', '(t)', GLib.Variant('t', test.handle))
    test.root.call(path_of('mine'), 'Firewall', 'AddRule', '(a{sv})', {'chain': 'input', 'action': 'drop'})


def replace_command(test):
    """Nor is the number of a command."""
    test.command.kill()
    wait_for(lambda: not test.processes())
    test.command = running.Run(0, path_of('theirs'), 'sleep', 'infinity')
    test.addCleanup(test.command.close)
    wait_for(test.processes)


def move_process(test):
    before = os.readlink(f'/proc/{test.process.pid}/ns/net')
    test.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: os.readlink(f'/proc/{test.process.pid}/ns/net') != before)
    test.root.create_namespace('else')  # something has changed, so that the call is planned again


# ---- the calls

def of_namespace(test):
    mine, theirs = path_of('mine'), path_of('theirs')
    return [(mine, 'Namespace', 'Delete', '(a{sv})', {}),
            (theirs, 'Namespace', 'ListProcesses'), (theirs, 'Namespace', 'ListNeighbours'),
            (theirs, 'Firewall', 'ListRules'), (theirs, 'Namespace', 'GetSysctl', '(s)', 'net.ipv4.ip_default_ttl'),
            (mine, 'Namespace', 'SetDns', '(asas)', ['192.0.2.53'], []),
            (mine, 'Namespace', 'SetSysctl', '(ss)', 'net.ipv4.ip_default_ttl', '63'),
            (mine, 'Namespace', 'OpenSocket', '(iii)', 2, 1, 0), (mine, 'Namespace', 'Open'),
            (mine, 'Firewall', 'SetPolicy', '(ss)', 'input', 'drop'),
            (mine, 'Namespace', 'AddRoute', '(ssa{sv})', '192.0.2.0/24', '', {'link': 'lo'})]


def of_link(test):
    eth7 = test.root.link('mine', 'eth7')
    run('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'eth7', namespace='mine')
    run('ip', 'link', 'set', 'eth7', 'up', namespace='mine')
    wait_for(lambda: test.root.get(eth7, 'Link', 'Addresses'))
    return [(eth7, 'Link', 'Delete'), (eth7, 'Link', 'SetMtu', '(u)', u(1400)),
            (eth7, 'Link', 'AddAddress', '(sa{sv})', '192.0.2.2/24', {}),
            (eth7, 'Link', 'RemoveAddress', '(s)', '192.0.2.1/24'),
            (eth7, 'Link', 'MoveTo', '(sa{sv})', '', {'name': GLib.Variant('s', 'moved')}),
            (eth7, 'Link', 'AttachTo', '(o)', test.root.link('mine', 'br0')),
            (path_of('mine'), 'Namespace', 'AddRoute', '(ssa{sv})', '198.51.100.0/24', '', {'link': 'eth7'}),
            (path_of('mine'), 'Namespace', 'SetSysctl', '(ss)', 'net.ipv4.conf.eth7.rp_filter', '2'),
            (path_of('theirs'), 'Namespace', 'GetSysctl', '(s)', 'net.ipv4.conf.eth7.rp_filter'),
            (test.root.link('theirs', 'eth7'), 'Link', 'GetRateLimit'),
            (ROOT, 'Manager', 'CreateLink', '(sssa{sv})', 'mine', 'macvlan', 'new', {'link': 'eth7'})]


def of_bridge(test):
    br0 = test.root.link('mine', 'br0')
    return [(br0, 'Bridge', 'SetOptions', '(a{sv})', {'ageing-time': u(9000)}),
            (test.root.link('mine', 'eth7'), 'Link', 'AttachTo', '(o)', br0),
            (test.root.link('mine', 'p0'), 'Link', 'Detach'),
            (ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'new', {'namespace': 'mine', 'bridge': 'br0'})]


def of_port(test):
    return [(test.root.link('mine', 'p0'), 'BridgePort', 'SetOptions', '(a{sv})', {'hairpin': True})]


def of_route(test):
    for command in ('address add 192.0.2.1/24 dev eth7', 'link set eth7 up', 'route add 198.51.100.0/24 via 192.0.2.2'):
        run('ip', *command.split(), namespace='mine')
    wait_for(lambda: '192.0.2.2' in str(test.root.get(path_of('mine'), 'Namespace', 'Routes')))
    return [(path_of('mine'), 'Namespace', 'RemoveRoute', '(ssa{sv})', '198.51.100.0/24', '', {})]


def of_definition(test):
    lan = f'{ROOT}/network/lan'
    test.nat, test.forward = test.make_definitions()
    return [(test.nat, 'Nat', 'Delete'), (test.nat, 'Nat', 'GetCounters'), (test.forward, 'Forward', 'Delete'), (lan, 'Network', 'SetNat', '(b)', True),
            (ROOT, 'Manager', 'Connect', '(ssa{sv})', 'mine', 'lan', {}),
            (ROOT, 'Manager', 'Disconnect', '(ss)', 'theirs', 'lan')]


def of_network(test):
    test.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'spare', {})
    return [(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'mine', 'spare', {}), (f'{ROOT}/network/spare', 'Network', 'Delete')]


def of_target(test):
    test.make_definitions()
    test.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'mine', 'lan', {})
    return [(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'mine', 'tcp', GLib.Variant('q', 80),
             {'listen-port': GLib.Variant('q', 8081)})]


def of_rule(test):
    test.handle = test.root.call(path_of('mine'), 'Firewall', 'AddRule', '(a{sv})', {'chain': 'input', 'action': 'accept'})
    return [(path_of('mine'), 'Firewall', 'RemoveRule', '(t)', GLib.Variant('t', test.handle))]


def of_command(test):
    test.command = running.Run(0, path_of('theirs'), 'sleep', 'infinity')
    test.addCleanup(test.command.close)
    return [(wait_for(test.processes)[0], 'Process', 'Signal', '(i)', signal.SIGTERM)]


def of_process(test):
    test.process = subprocess.Popen(['unshare', '--net', 'sh', '-c', MOVES], stdout=subprocess.PIPE, text=True)
    test.addCleanup(test.process.stdout.close)
    test.addCleanup(test.process.wait)
    test.addCleanup(test.process.kill)
    test.assertEqual(test.process.stdout.readline(), 'ready\n')
    return [(ROOT, 'Manager', 'AdoptProcess', '(sua{sv})', 'adopted', test.process.pid, {})]


KINDS = (
    Kind('namespace', of_namespace, replace_namespace),
    Kind('link', of_link, replace_link),
    Kind('bridge', of_bridge, replace_master),
    Kind('port', of_port, replace_port),
    Kind('route', of_route, replace_route),
    Kind('network, NAT, forward', of_definition, replace_definitions),
    Kind('bridge of a network', of_network, lambda test: replace_bridge('spare', None)),
    Kind('target of a forward', of_target, replace_target),
    Kind('rule', of_rule, replace_rule, ('NotFound',)),
    Kind('command', of_command, replace_command, ('NotFound',)),
    Kind('process', of_process, move_process),
)


class Replaced(DialogTestCase):
    def make_world(self):
        netns1.reset_world()
        self.create_for(netns1.ALICE, 'mine')
        self.create_for(netns1.BOB, 'theirs')
        for command in ('link add br0 type bridge', 'link add p0 type veth peer name p1', 'link set p0 master br0'):
            run('ip', *command.split(), namespace='mine')

    def make_definitions(self):
        call = self.root.call
        call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24'], 'shared': True})
        call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'theirs', 'lan', {})
        nat = call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', 'theirs', ['10.9.0.0/24'], {})
        return nat, call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'theirs', 'tcp', GLib.Variant('q', 80),
                         {'listen-port': GLib.Variant('q', 8080)})

    def processes(self):
        return [path for path, interfaces in self.root.managed_objects().items()
                if interfaces.get(netns1.full_interface('Process'), {}).get('State') == 'running']

    def test_each(self):
        for kind in KINDS:
            with self.subTest(kind.name):
                self.make_world()
                for _ in self.assert_all_fail(kind.prepare(self), lambda: kind.replace(self), *kind.errors):
                    self.make_world()
                    kind.prepare(self)

    def test_nothing_else_is_needed(self):
        """The same without a change in between works: what the test above sees is no other failure."""
        for kind in KINDS:
            self.make_world()
            for call in range(len(kind.prepare(self))):
                with self.subTest(kind.name, call=call):
                    self.make_world()
                    pending = self.start(*kind.prepare(self)[call])
                    self.questions.next().grant()
                    self.grant_until_done(pending)
                    pending.result()


if __name__ == '__main__':
    netns1.main()
