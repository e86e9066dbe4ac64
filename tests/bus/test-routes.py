#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Routes of every kind: shown as what they are, added with all options, and removed as they are listed."""
import json

import netns1
import truth
import watch
from netns1 import ROOT, run, u

WEB = f'{ROOT}/namespace/web'


def routes():
    """What ip says of web, but for what the kernel makes by itself."""
    found = []
    for family in (4, 6):
        for route in netns1.ip(f'-{family}', '-N', 'route', 'show', 'table', 'all', namespace='web'):
            if route.get('type', '1') in ('2', '3', '4', '5') or route['protocol'] == '2':
                continue
            route['family'] = family
            route.pop('flags', None) if not route.get('flags') else None
            found.append(json.dumps(route, sort_keys=True))
    return sorted(found)


class Routes(netns1.TestCase):
    # As `ip route add` takes them.
    KINDS = ('-4 default nexthop via 10.0.0.2 nexthop via 10.0.1.2 weight 3',
             '-4 192.0.2.0/25 nexthop via inet6 fd00::2 dev r0 nexthop dev r1',
             '-4 192.0.2.128/25 nexthop via 172.16.0.1 dev r0 onlink nexthop via 10.0.1.2 dev r1',
             '-4 198.51.100.0/24 via 172.16.0.1 dev r0 onlink', '-4 198.51.100.0/24 via 10.0.0.2 metric 5 src 10.0.1.1',
             '-4 198.51.101.0/24 nhid 1', '-4 198.51.102.0/24 nhid 3', '-4 blackhole 203.0.113.0/26',
             '-4 unreachable 203.0.113.64/26 metric 7', '-4 prohibit 203.0.113.128/26 table 300',
             '-4 throw 203.0.113.192/26', '-4 10.9.0.0/24 dev r0 table 300', '-4 10.8.0.1 via inet6 fd00::2 dev r0',
             '-6 fd00:9::/48 nexthop via fd00::2 nexthop via fd00:1::2 weight 2', '-6 fd00:10::/48 via fe80::99 dev r0',
             '-6 fd00:11::/48 nhid 4', '-6 unreachable fd00:12::/48', '-6 blackhole fd00:13::/48 metric 5 table 300',
             '-6 default via fd00::2 metric 9', '-6 prohibit default metric 2000', '-6 fd00:14::/48 dev r1 metric 3',
             '-6 throw fd00:15::/48', '-6 fd00:16::/48 via fd00:99::1 dev r0 onlink')

    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')
        run('ip', '-batch', '-', namespace='web', input="""
link add r0 type veth peer name r1
link set r0 up
link set r1 up
address add 10.0.0.1/24 dev r0
address add 10.0.1.1/24 dev r1
address add fd00::1/64 dev r0 nodad
address add fd00:1::1/64 dev r1 nodad
nexthop add id 1 via 10.0.0.3 dev r0
nexthop add id 2 via 10.0.1.3 dev r1
nexthop add id 3 group 1/2
nexthop add id 4 via fd00::3 dev r0
""")
        self.nothing = routes()

    def by_ip(self, verb, kind):
        family, *words = kind.split()
        run('ip', family, 'route', verb, *words, namespace='web')

    def netnsctl(self, *arguments):
        return netns1.netnsctl(*arguments, uid=0).stdout

    def rows(self):
        return [row for row in json.loads(self.netnsctl('--json=short', 'route', 'list', 'web'))
                if row['protocol'] != 'kernel']

    def add(self, destination, gateway='', **options):
        self.root.call(WEB, 'Namespace', 'AddRoute', '(ssa{sv})', destination, gateway, options)

    def remove(self, destination, gateway='', **options):
        self.root.call(WEB, 'Namespace', 'RemoveRoute', '(ssa{sv})', destination, gateway, options)

    def told(self, count):
        """That the service knows that many routes besides the kernel's."""
        netns1.wait_for(lambda: len([route for route in self.root.get(WEB, 'Namespace', 'RouteData')
                                     if route['protocol'] != 2]) == count)

    def words(self, row):
        """What removes a route that is listed so."""
        words = [row['type'], row['destination']]
        for key, word in (('gateway', 'via'), ('link', 'dev'), ('source', 'src'), ('metric', 'metric'), ('table', 'table')):
            if row[key]:
                words += [word, str(row[key])]
        return words

    def test_shown(self):
        """By the bus, which truth.py compares with ip for the main table, and by netnsctl for all."""
        for kind in self.KINDS:
            self.by_ip('add', kind)
        truth.check(self, self.root, timeout=netns1.PATIENCE, view=truth.calm)
        self.told(len(self.KINDS))
        shown = sorted((row['table'], row['type'], row['destination'], len(row['nexthops'] or []), row['nexthop-id'] or 0)
                       for row in self.rows())
        expected = []
        types = {'1': 'unicast', '6': 'blackhole', '7': 'unreachable', '8': 'prohibit', '9': 'throw'}
        for text in routes():
            route = json.loads(text)
            destination = truth._describe_route(route)[0]
            if destination == 'default' and route['family'] == 6 and 'gateway' not in route:
                destination = '::/0'
            expected.append((int(route.get('table', 254)), types[str(route.get('type', '1'))], destination,
                             len(route.get('nexthops', [])), int(route.get('nhid', 0))))
        self.assertEqual(shown, sorted(expected))
        text = self.netnsctl('namespace', 'show', 'web')
        for line in ('blackhole 203.0.113.0/26', 'default nexthop via 10.0.0.2 dev r0 weight 1 nexthop via 10.0.1.2 dev r1 weight 3',
                     '198.51.100.0/24 via 172.16.0.1 dev r0 onlink', '198.51.101.0/24 via 10.0.0.3 dev r0 nhid 1',
                     'prohibit 203.0.113.128/26 table 300'):
            self.assertIn(line, text)

    def test_removed_as_listed(self):
        """Each alone, and all together."""
        for kind in self.KINDS:
            with self.subTest(kind):
                self.by_ip('add', kind)
                self.told(1)
                row, = self.rows()
                self.netnsctl('route', 'remove', 'web', *self.words(row))
                self.assertEqual(routes(), self.nothing)
                self.told(0)
        for kind in self.KINDS:
            self.by_ip('add', kind)
        self.told(len(self.KINDS))
        for row in self.rows():
            self.netnsctl('route', 'remove', 'web', *self.words(row))
        self.assertEqual(routes(), self.nothing)

    def test_removed_by_destination(self):
        """Nothing but the destination has to be said, and a table that is not the main one."""
        for kind in ('-4 blackhole 203.0.113.0/26', '-4 default nexthop via 10.0.0.2 nexthop via 10.0.1.2',
                     '-4 198.51.102.0/24 nhid 3', '-6 unreachable fd00:12::/48',
                     '-6 fd00:9::/48 nexthop via fd00::2 nexthop via fd00:1::2'):
            with self.subTest(kind):
                self.by_ip('add', kind)
                self.told(1)
                self.remove(next(word for word in kind.split() if '/' in word or word == 'default'))
                self.assertEqual(routes(), self.nothing)

    def test_the_preferred_one_of_several(self):
        for metric in (7, 3, 5):
            self.by_ip('add', f'-4 198.51.100.0/24 via 10.0.0.2 metric {metric}')
            self.by_ip('add', f'-6 fd00:9::/48 via fd00::2 metric {metric}')
        self.told(6)
        for destination in ('198.51.100.0/24', 'fd00:9::/48'):
            self.remove(destination)
            self.remove(destination, metric=u(7))
        self.assertEqual([json.loads(route)['metric'] for route in routes()], [5, 5])

    def test_one_way_of_several(self):
        """Of IPv4 the rest stays with its weights, of IPv6 the kernel knows each way by itself."""
        ways = {4: ('10.0.0.2', '10.0.1.2', '10.0.0.4'), 6: ('fd00::2', 'fd00:1::2', 'fd00::4')}
        for family, destination in ((4, '198.51.100.0/24'), (6, 'fd00:9::/48')):
            with self.subTest(destination):
                hops = ' '.join(f'nexthop via {way} weight {number + 1}' for number, way in enumerate(ways[family]))
                self.by_ip('add', f'-{family} {destination} {hops}')
                self.told(1)
                self.remove(destination, ways[family][1])
                route, = map(json.loads, routes())
                self.assertEqual([(way['gateway'], way['weight']) for way in route['nexthops']],
                                 [(ways[family][0], 1), (ways[family][2], 3)])
                with self.unchanged(), self.assertBusError('NotFound'):
                    self.remove(destination, ways[family][1])
                self.remove(destination, ways[family][0], link='r0')
                route, = map(json.loads, routes())
                self.assertEqual(route['gateway'], ways[family][2])
                self.remove(destination, ways[family][2])
                self.assertEqual(routes(), self.nothing)

    def test_ways_that_cannot_be_told_apart(self):
        self.by_ip('add', '-4 198.51.100.0/24 nexthop via 10.0.0.2 nexthop via 10.0.1.2 nexthop via 10.0.0.4')
        self.by_ip('add', '-4 198.51.102.0/24 nhid 3')
        self.told(2)
        with self.unchanged(), self.assertBusError('InvalidArgument'):
            self.remove('198.51.100.0/24', link='r0')
        with self.unchanged(), self.assertBusError('InvalidArgument'):
            self.remove('198.51.102.0/24', '10.0.0.3')
        self.remove('198.51.100.0/24', link='r1')
        self.remove('198.51.100.0/24', link='r0')  # all that are left
        self.remove('198.51.102.0/24')
        self.assertEqual(routes(), self.nothing)

    def test_many_ways(self):
        """More than a request has room for: the route can be removed, and nothing less."""
        self.by_ip('add', '-4 198.51.100.0/24 ' + ' '.join(f'nexthop via 10.0.{number % 2}.{2 + number // 2}'
                                                           for number in range(100)))
        self.told(1)
        with self.unchanged(), self.assertBusError('InvalidArgument'):
            self.remove('198.51.100.0/24', '10.0.0.2')
        self.remove('198.51.100.0/24')
        self.assertEqual(routes(), self.nothing)

    def test_added(self):
        """With all options, as ip makes the same; and netnsctl takes the words of ip."""
        rows = (('-4 blackhole 203.0.113.0/26', ('203.0.113.0/26', '', {'type': 'blackhole'})),
                ('-4 unreachable 203.0.113.0/26 metric 5', ('203.0.113.0/26', '', {'type': 'unreachable', 'metric': u(5)})),
                ('-4 prohibit default table 300', ('default', '', {'type': 'prohibit', 'table': u(300)})),
                ('-4 throw 203.0.113.0/26 table 300', ('203.0.113.0/26', '', {'type': 'throw', 'table': u(300)})),
                ('-4 198.51.100.0/24 via 172.16.0.1 dev r0 onlink',
                 ('198.51.100.0/24', '172.16.0.1', {'link': 'r0', 'onlink': True})),
                ('-4 198.51.100.0/24 via 10.0.0.2 dev r0 metric 5 table 300 src 10.0.1.1',
                 ('198.51.100.0/24', '10.0.0.2', {'link': 'r0', 'metric': u(5), 'table': u(300), 'source': '10.0.1.1'})),
                ('-4 198.51.100.0/24 dev r1', ('198.51.100.0/24', '', {'link': 'r1'})),
                ('-4 198.51.100.0/24 via inet6 fd00::2 dev r0', ('198.51.100.0/24', 'fd00::2', {'link': 'r0'})),
                ('-6 unreachable fd00:12::/48', ('fd00:12::/48', '', {'type': 'unreachable'})),
                ('-6 blackhole fd00:12::/48 metric 5 table 300',
                 ('fd00:12::/48', '', {'type': 'blackhole', 'metric': u(5), 'table': u(300)})),
                ('-6 prohibit ::/0', ('::/0', '', {'type': 'prohibit'})), ('-6 throw fd00:12::/48', ('fd00:12::/48', '', {'type': 'throw'})),
                ('-6 fd00:16::/48 via fd00:99::1 dev r0 onlink', ('fd00:16::/48', 'fd00:99::1', {'link': 'r0', 'onlink': True})),
                ('-6 default via fd00::2 dev r0 metric 9 src fd00:1::1',
                 ('default', 'fd00::2', {'link': 'r0', 'metric': u(9), 'source': 'fd00:1::1'})))
        for kind, (destination, gateway, options) in rows:
            with self.subTest(kind):
                words = kind.split()[1:]
                self.by_ip('add', f'{kind} proto static')
                expected = routes()
                self.by_ip('delete', kind)
                self.add(destination, gateway, **options)
                self.assertEqual(routes(), expected)
                self.remove(destination, gateway, **options)
                self.assertEqual(routes(), self.nothing)
                self.netnsctl('route', 'add', 'web', *words)
                self.assertEqual(routes(), expected)
                self.netnsctl('route', 'remove', 'web', *words)
                self.assertEqual(routes(), self.nothing)

    def test_ipv6_off(self):
        """The error says on which link, and what to do."""
        run('sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/r0/disable_ipv6', namespace='web')
        with self.unchanged(), self.assertBusError('NotSupported') as context:
            self.add('fd00:12::/48', link='r0')
        for word in ('fd00:12::/48', '“r0”', 'net.ipv6.conf.r0.disable_ipv6'):
            self.assertIn(word, context.exception.message)

    # ---- what others do

    def test_nexthop_objects_of_others(self):
        """Their routes change and go with them, and the kernel does not say so."""
        for kind in ('-4 198.51.101.0/24 nhid 1', '-4 198.51.102.0/24 nhid 3', '-6 fd00:11::/48 nhid 4'):
            self.by_ip('add', kind)
        self.told(3)
        for command in ('nexthop replace id 1 via 10.0.1.77 dev r1', 'nexthop delete id 2', 'nexthop replace id 4 via fd00:1::7 dev r1',
                        'nexthop delete id 4', 'nexthop delete id 1'):
            with self.subTest(command):
                run('ip', *command.split(), namespace='web')
                truth.check(self, self.root, timeout=netns1.PATIENCE, view=truth.calm)
        self.told(0)

    def test_signals(self):
        """Each change of a kind is told once, and Routes only where the main table's view of it changes."""
        changes = (('add blackhole 203.0.113.0/26', True), ('delete blackhole 203.0.113.0/26', True),
                   ('add 198.51.100.0/24 via 10.0.0.2 table 300', False),
                   ('add 198.51.100.0/24 via 10.0.0.2', True), ('replace 198.51.100.0/24 via 10.0.0.2 src 10.0.1.1', False),
                   ('replace unreachable 198.51.100.0/24', True), ('replace prohibit 198.51.100.0/24', False),
                   ('add fd00:9::/48 via fd00::2', True), ('append fd00:9::/48 via fd00:1::2', True),
                   ('delete fd00:9::/48 via fd00::2', True))
        with watch.Watcher() as watcher:
            for change, plain in changes:
                with self.subTest(change):
                    verb, *words = change.split()
                    before, routes_before = (watcher.get(WEB, 'Namespace', name) for name in ('RouteData', 'Routes'))
                    run('ip', '-6' if 'fd00' in change else '-4', 'route', verb, *words, namespace='web')
                    watcher.wait(lambda: watcher.get(WEB, 'Namespace', 'RouteData') != before, change)
                    watcher.settle()
                    self.assertEqual(watcher.get(WEB, 'Namespace', 'Routes') != routes_before, plain)
                    self.assertEqual(watcher.defects, [])
        truth.check(self, self.root, timeout=netns1.PATIENCE, view=truth.calm)


if __name__ == '__main__':
    netns1.main()
