#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""All that belongs to an address, and when it can be used."""
import json
import time

import netns1
import truth
import watch
from netns1 import ROOT, run, u

FOR_EVER = 2**32 - 1
LIFETIMES = ('valid_life_time', 'preferred_life_time')


def addresses_of(link, namespace=None):
    """What `ip` says of each, but for those that the kernel gives by itself; how long they last as whether it ends."""
    entries = netns1.ip('address', 'show', 'dev', link, namespace=namespace)[0]['addr_info']
    for entry in entries:
        for key in LIFETIMES:
            entry[key] = entry[key] == FOR_EVER
        if entry.get('label') == link:  # it takes part in a renaming
            del entry['label']
        entry.pop('tentative', None)
    return sorted((entry for entry in entries if not entry['local'].startswith('fe80:') or 'nodad' in entry),
                  key=lambda entry: (entry['local'], entry.get('address', '')))


class Addresses(netns1.TestCase):
    # What `ip address add` takes, of both families: a peer, a label, no route, a lifetime, the scope, a metric, and one
    # of the same subnet behind the first.
    ALL = ('10.1.1.1 peer 10.1.1.2/32', '10.1.1.1 peer 10.1.1.3/32 metric 77', '10.1.2.1/24 brd + label eth7:1',
           '10.1.2.7/24 noprefixroute', '10.1.2.9/24 valid_lft 3600 preferred_lft 1800', '10.1.3.1/24 scope link',
           'fd01::1 peer fd01::2/128', 'fd02::1/64 noprefixroute nodad', 'fd02::2/64 valid_lft 3600 preferred_lft 0 nodad',
           'fe80::77/64 nodad', 'fd03::1/64 metric 78 nodad')

    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')
        self.root.call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'web', 'eth7', '', 'peer7', {})
        self.link = self.root.link('web', 'eth7')

    def call(self, method, signature, *values):
        return self.root.call(self.link, 'Link', method, signature, *values)

    def give_all(self, link, namespace):
        for address in self.ALL:
            run('ip', 'address', 'add', *address.split(), 'dev', link, namespace=namespace)

    def netnsctl(self, *arguments):
        return netns1.netnsctl(*arguments, uid=0).stdout

    def test_shown(self):
        """On the bus, where truth.py compares it with ip, and by netnsctl."""
        self.give_all('eth7', 'web')
        truth.check(self, self.root, timeout=netns1.PATIENCE, view=truth.calm)
        rows = [row for row in json.loads(self.netnsctl('--json=short', 'address', 'list', 'web', 'eth7'))
                if not row['address'].startswith('fe80:')]
        self.assertEqual(len(rows), len(self.ALL) - 1)
        for row in rows:
            local, _, prefix = row['address'].partition('/')
            found = [entry for entry in netns1.ip('address', 'show', 'dev', 'eth7', namespace='web')[0]['addr_info']
                     if (entry['local'], entry['prefixlen'], entry.get('address')) == (local, int(prefix), row['peer'])]
            self.assertEqual(len(found), 1, row)
            self.assertEqual((row['scope'], row['metric'], row['broadcast'], row['permanent']),
                             (found[0]['scope'], found[0].get('metric'), found[0].get('broadcast'),
                              not found[0].get('dynamic', False)), row)
            self.assertEqual(row['label'], found[0].get('label'))
            for key, of_ip in zip(('valid-lifetime', 'preferred-lifetime'), LIFETIMES):
                if found[0][of_ip] == FOR_EVER:
                    self.assertIsNone(row[key], row)
                else:
                    self.assertLessEqual(abs(row[key] - found[0][of_ip]), netns1.PATIENCE, row)
        self.assertIn('10.1.1.1/32 peer 10.1.1.2', self.netnsctl('link', 'show', 'web', 'eth7'))

    def test_changed_by_others(self):
        """What belongs to an address can change while the address stays."""
        run('ip', 'address', 'add', 'fd01::1/128', 'dev', 'eth7', namespace='web')
        run('ip', 'address', 'add', '10.1.1.1/24', 'dev', 'eth7', namespace='web')
        truth.check(self, self.root, timeout=netns1.PATIENCE, view=truth.calm)
        for change in ('fd01::1 peer fd01::9/128', '10.1.1.1/24 metric 5', 'fd01::1 peer fd01::9/128 valid_lft 1000 '
                       'preferred_lft 500', '10.1.1.1/24 valid_lft 1000 preferred_lft 1000'):
            run('ip', 'address', 'change', *change.split(), 'dev', 'eth7', namespace='web')
            truth.check(self, self.root, timeout=netns1.PATIENCE, view=truth.calm)
        run('ip', 'address', 'add', '10.1.2.1/24', 'label', 'eth7:1', 'dev', 'eth7', namespace='web')
        run('ip', 'link', 'set', 'eth7', 'name', 'other', namespace='web')  # labels follow it
        truth.check(self, self.root, timeout=netns1.PATIENCE, view=truth.calm)

    def test_removed_as_listed(self):
        self.give_all('eth7', 'web')
        netns1.wait_for(lambda: len(self.root.get(self.link, 'Link', 'AddressData')) > len(self.ALL))
        for row in json.loads(self.netnsctl('--json=short', 'address', 'list', 'web', 'eth7')):
            self.netnsctl('address', 'remove', 'web', 'eth7', row['address'], *(['peer', row['peer']] if row['peer'] else []))
        self.assertEqual(netns1.ip('address', 'show', 'dev', 'eth7', namespace='web')[0]['addr_info'], [])

    def test_removed_without_peer(self):
        """Where there is only one, it need not be named."""
        for address in self.ALL[:2] + ('fd01::1 peer fd01::2/128',):
            run('ip', 'address', 'add', *address.split(), 'dev', 'eth7', namespace='web')
        netns1.wait_for(lambda: len(self.root.get(self.link, 'Link', 'Addresses')) >= 3)
        self.call('RemoveAddress', '(s)', 'fd01::1/128')
        with self.assertBusError('InvalidArgument') as context, self.unchanged():
            self.call('RemoveAddress', '(s)', '10.1.1.1/32')
        self.assertIn('10.1.1.1/32 peer', context.exception.message)
        with self.assertBusError('NotFound'), self.unchanged():
            self.call('RemoveAddress', '(s)', '10.1.1.1/32 peer 10.1.1.9')
        self.call('RemoveAddress', '(s)', '10.1.1.1/32 peer 10.1.1.2')
        self.call('RemoveAddress', '(s)', '10.1.1.1/32')
        self.assertEqual(netns1.addresses('eth7', 'web'), [])

    def test_only_that_one_is_removed(self):
        """The kernel would take all other addresses of the subnet as well, with what belongs to them."""
        for address in ('10.1.2.1/24', '10.1.2.7/24 label eth7:1', '10.1.2.9/24 valid_lft 3600 preferred_lft 1800',
                        '10.1.3.1/24'):
            run('ip', 'address', 'add', *address.split(), 'dev', 'eth7', namespace='web')
        before = addresses_of('eth7', 'web')
        netns1.wait_for(lambda: len(self.root.get(self.link, 'Link', 'Addresses')) >= 4)
        self.call('RemoveAddress', '(s)', '10.1.2.1/24')
        expected = [entry for entry in before if entry['local'] != '10.1.2.1']
        for entry in expected:
            if entry['local'] == '10.1.2.7':
                del entry['secondary']
        self.assertEqual(addresses_of('eth7', 'web'), expected)

    def test_added(self):
        """With all options: as `ip address add` makes the same."""
        run('ip', 'link', 'add', 'other', 'type', 'ifb', namespace='web')
        rows = (
            ('10.1.1.1/32', {'peer': '10.1.1.2'}, '10.1.1.1 peer 10.1.1.2/32'),
            ('10.1.1.1/32', {'peer': '10.1.1.3', 'metric': u(77)}, '10.1.1.1 peer 10.1.1.3/32 metric 77'),
            ('10.1.2.1/24', {'broadcast': '10.1.2.255', 'label': 'eth7:1'}, '10.1.2.1/24 brd + label eth7:1'),
            ('10.1.3.1/24', {'prefix-route': False, 'scope': 'host'}, '10.1.3.1/24 noprefixroute scope host'),
            ('10.1.4.1/24', {'valid-lifetime': u(3600), 'preferred-lifetime': u(1800)},
             '10.1.4.1/24 valid_lft 3600 preferred_lft 1800'),
            ('fd01::1/128', {'peer': 'fd01::2', 'dad': 'off'}, 'fd01::1 peer fd01::2/128 nodad'),
            ('fd02::1/64', {'prefix-route': False, 'dad': 'off', 'metric': u(78)},
             'fd02::1/64 noprefixroute nodad metric 78'),
            ('fd03::1/64', {'valid-lifetime': u(3600), 'preferred-lifetime': u(0), 'dad': 'off'},
             'fd03::1/64 valid_lft 3600 preferred_lft 0 nodad'),
            ('fd04::1/64', {'dad': 'background'}, 'fd04::1/64'),
        )
        for address, options, command in rows:
            with self.subTest(command):
                self.call('AddAddress', '(sa{sv})', address, options)
                made = addresses_of('eth7', 'web')
                self.call('RemoveAddress', '(s)', address)
                run('ip', 'address', 'add', *command.split(), 'dev', 'eth7', namespace='web')
                self.assertEqual(made, addresses_of('eth7', 'web'))
                run('ip', 'address', 'delete', *command.split(), 'dev', 'eth7', namespace='web')

    def test_by_netnsctl(self):
        self.netnsctl('address', 'add', 'web', 'eth7', '10.1.1.1/32', 'peer=10.1.1.2', 'label=eth7:1')
        self.netnsctl('address', 'add', 'web', 'eth7', 'fd01::1/64', 'dad=off', 'prefix-route=off')
        entries = {entry['local']: entry for entry in addresses_of('eth7', 'web')}
        self.assertEqual((entries['10.1.1.1']['address'], entries['10.1.1.1']['label']), ('10.1.1.2', 'eth7:1'))
        self.assertEqual((entries['fd01::1']['nodad'], entries['fd01::1']['noprefixroute']), (True, True))

    def test_point_to_point_shares(self):
        """The gateway of all containers, say: one address on many links, each with a peer of its own."""
        self.root.call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'web', 'eth8', '', 'peer8', {})
        other = self.root.link('web', 'eth8')
        self.call('AddAddress', '(sa{sv})', '10.1.1.1/32', {'peer': '10.1.1.2'})
        self.root.call(other, 'Link', 'AddAddress', '(sa{sv})', '10.1.1.1/32', {'peer': '10.1.1.3'})
        with self.assertBusError('AddressInUse'):
            self.root.call(self.root.link('web', 'lo'), 'Link', 'AddAddress', '(sa{sv})', '10.1.1.1/32', {})

    # ---- away and home again

    def make_card(self, namespace=None):
        run('ip', 'link', 'add', 'phys0', 'type', 'ifb', namespace=namespace)
        run('ip', 'link', 'set', 'phys0', 'up', namespace=namespace)
        for address in self.ALL:
            run('ip', 'address', 'add', *address.replace('eth7', 'phys0').split(), 'dev', 'phys0', namespace=namespace)
        netns1.wait_for(lambda: netns1.link('phys0', namespace))
        return addresses_of('phys0', namespace)

    def test_home_again(self):
        """With all of it, from two homes, under another name there, over a restart."""
        for home in ('', 'web'):
            with self.subTest(home):
                self.root.create_namespace('away')
                before = self.make_card(home or None)
                self.root.call(self.root.link(home, 'phys0'), 'Link', 'MoveTo', '(sa{sv})', 'away', {'name': 'wan'})
                netns1.NETNSD.restart()
                self.root.call(f'{ROOT}/namespace/away', 'Namespace', 'Delete', '(a{sv})', {})
                self.assertEqual(addresses_of('phys0', home or None), before)

    def test_lifetime_goes_on(self):
        """While a link is away, and what is over does not come back."""
        run('ip', 'link', 'add', 'phys0', 'type', 'ifb')
        for address in ('10.1.1.1/24 valid_lft 3600 preferred_lft 3600', '10.1.2.1/24 valid_lft 2 preferred_lft 2',
                        'fd01::1/64 nodad valid_lft 2 preferred_lft 1'):
            run('ip', 'address', 'add', *address.split(), 'dev', 'phys0')
        given = time.monotonic()
        self.root.create_namespace('away')
        self.root.call(self.root.link('', 'phys0'), 'Link', 'MoveTo', '(sa{sv})', 'away', {})
        netns1.wait_for(lambda: time.monotonic() > given + 3)
        self.root.call(f'{ROOT}/namespace/away', 'Namespace', 'Delete', '(a{sv})', {})
        entries = netns1.ip('address', 'show', 'dev', 'phys0')[0]['addr_info']
        self.assertEqual([entry['local'] for entry in entries if not entry['local'].startswith('fe80:')], ['10.1.1.1'])
        self.assertLessEqual(entries[0]['valid_life_time'], 3600 - 2)

    def test_back_when_the_rest_fails(self):
        """The name at home of one of two links is taken, when the other one has gone home already or not."""
        self.root.create_namespace('away')
        for name in ('a0', 'b0'):
            run('ip', 'link', 'add', name, 'type', 'ifb')
            netns1.wait_for(lambda: netns1.link(name))
            self.root.call(self.root.link('', name), 'Link', 'MoveTo', '(sa{sv})', 'away', {})
            run('ip', 'link', 'set', name, 'up', namespace='away')
            for address in self.ALL:
                run('ip', 'address', 'add', *address.replace('eth7', name).split(), 'dev', name, namespace='away')
        for name in ('a0', 'b0'):
            run('ip', 'link', 'add', name, 'type', 'ifb')
            with self.unchanged(within=netns1.PATIENCE), self.assertBusError('Exists'):
                self.root.call(f'{ROOT}/namespace/away', 'Namespace', 'Delete', '(a{sv})', {})
            run('ip', 'link', 'delete', name)


class Detection(netns1.TestCase):
    """Duplicate address detection: an IPv6 address can be used when the call returns."""

    def can_bind(self, address, namespace):
        """Whether a program can listen at an address now."""
        code = f'import socket; socket.socket(socket.AF_INET6).bind(("{address}", 0))'
        return run('/usr/bin/python3', '-c', code, namespace=namespace, check=False).returncode == 0

    def tentative(self, link, namespace=None):
        entries = netns1.ip('address', 'show', 'dev', link, namespace=namespace)[0]['addr_info']
        return [entry['local'] for entry in entries if entry.get('tentative') and not entry['local'].startswith('fe80:')]

    def make_pair(self, namespace='web', **options):
        self.root.create_namespace(namespace)
        return self.root.call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', '', 'v0', namespace, 'v1', options)

    def test_new_links(self):
        """Without waiting: nobody else is there who could have it."""
        self.make_pair(addresses=['fd00:1::1/64', '10.1.0.1/24'], **{'peer-addresses': ['fd00:1::2/64']})
        self.assertEqual((self.tentative('v0'), self.tentative('v1', 'web')), ([], []))
        self.assertTrue(self.can_bind('fd00:1::2', 'web'))
        self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', 'web', 'br0', {'addresses': ['fd00:2::1/64']})
        self.assertEqual(self.tentative('br0', 'web'), [])
        self.assertTrue(self.can_bind('fd00:2::1', 'web'))

    def test_added(self):
        self.make_pair()
        for namespace, link, address in (('web', 'v1', 'fd00:1::2'), ('', 'v0', 'fd00:1::1')):
            self.root.call(self.root.link(namespace, link), 'Link', 'AddAddress', '(sa{sv})', f'{address}/64', {})
            self.assertEqual(self.tentative(link, namespace or None), [])
            self.assertTrue(self.can_bind(address, namespace or None))
            self.assertNotIn('nodad', netns1.ip('address', 'show', 'dev', link, 'to', address,
                                                namespace=namespace or None)[0]['addr_info'][0])

    def test_added_to_a_bridge_and_another_kind(self):
        self.make_pair()
        self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', '', 'br0', {})
        self.root.call(self.root.link('', 'v0'), 'Link', 'AttachTo', '(o)', self.root.link('', 'br0'))
        self.root.call(self.root.link('', 'br0'), 'Link', 'AddAddress', '(sa{sv})', 'fd00:1::1/64', {})
        self.assertEqual(self.tentative('br0'), [])
        self.root.call(ROOT, 'Manager', 'CreateLink', '(sssa{sv})', 'web', 'macvlan', 'm0',
                       {'link': 'v1', 'addresses': ['fd00:1::2/64', 'fd00:1::3/64']})
        self.assertEqual(self.tentative('m0', 'web'), [])

    def test_others_go_on_meanwhile(self):
        """Neither the main loop waits nor the worker."""
        self.make_pair()
        link = self.root.link('web', 'v1')
        self.transmit(3600)
        waiting = self.root.start(link, 'Link', 'AddAddress', '(sa{sv})', 'fd00:1::3/64', {})
        netns1.wait_for(lambda: self.tentative('v1', 'web'))
        self.root.create_namespace('other')
        self.root.call(link, 'Link', 'AddAddress', '(sa{sv})', '10.1.0.2/24', {})
        self.assertFalse(waiting.done)
        run('ip', 'address', 'delete', 'fd00:1::3/64', 'dev', 'v1', namespace='web')
        waiting.result()
        self.transmit(3)
        self.root.call(link, 'Link', 'AddAddress', '(sa{sv})', 'fd00:1::2/64', {})
        self.assertEqual(self.tentative('v1', 'web'), [])

    def transmit(self, times):
        """How often the kernel asks whether somebody has an address, once a second."""
        run('sh', '-c', f'echo {times} > /proc/sys/net/ipv6/conf/v1/dad_transmits', namespace='web')

    def take_on_the_other_side(self, address):
        run('ip', 'address', 'add', address, 'dev', 'v0', 'nodad')
        netns1.wait_for(lambda: netns1.can_ping('fe80::1%v1', namespace='web'))

    def test_duplicate(self):
        """A neighbour has it: nothing is left, also not of one that the kernel removes itself, or of a new link."""
        self.make_pair()
        run('ip', 'address', 'add', 'fe80::1/64', 'dev', 'v0', 'nodad')
        self.take_on_the_other_side('fd00:1::1/64')
        link = self.root.link('web', 'v1')
        with self.unchanged(), self.assertBusError('AddressInUse') as context:
            self.root.call(link, 'Link', 'AddAddress', '(sa{sv})', 'fd00:1::1/64', {})
        for word in ('v1', 'fd00:1::1', 'neighbour'):
            self.assertIn(word, context.exception.message)
        # With the address the kernel does not take the route to its subnet, if both end some day.
        with self.assertBusError('AddressInUse'):
            self.root.call(link, 'Link', 'AddAddress', '(sa{sv})', 'fd00:1::1/64', {'valid-lifetime': u(3600)})
        self.assertEqual(netns1.addresses('v1', 'web'), [])
        with self.unchanged(), self.assertBusError('AddressInUse'):
            self.root.call(ROOT, 'Manager', 'CreateLink', '(sssa{sv})', 'web', 'macvlan', 'm0',
                           {'link': 'v1', 'addresses': ['fd00:1::9/64', 'fd00:1::1/64']})
        self.assertNotIn('m0', [info['ifname'] for info in netns1.ip('link', namespace='web')])

    def test_duplicate_without_detection(self):
        """Who does not want to wait is told by the flags."""
        self.make_pair()
        run('ip', 'address', 'add', 'fe80::1/64', 'dev', 'v0', 'nodad')
        self.take_on_the_other_side('fd00:1::1/64')
        link = self.root.link('web', 'v1')
        self.root.call(link, 'Link', 'AddAddress', '(sa{sv})', 'fd00:1::1/64', {'dad': 'background'})
        netns1.wait_for(lambda: [flags for address, flags in self.root.get(link, 'Link', 'Addresses')
                                 if address == 'fd00:1::1/64' and flags & 0x08])
        self.root.call(link, 'Link', 'RemoveAddress', '(s)', 'fd00:1::1/64')
        self.root.call(link, 'Link', 'AddAddress', '(sa{sv})', 'fd00:1::1/64', {'dad': 'off'})
        self.assertTrue(self.can_bind('fd00:1::1', 'web'))

    def test_cannot_begin(self):
        """A link that is down, or whose other end is: nobody waits, and the address comes later."""
        self.make_pair(up=False)
        link = self.root.link('web', 'v1')
        self.root.call(link, 'Link', 'AddAddress', '(sa{sv})', 'fd00:1::1/64', {}, timeout=5)
        self.root.call(link, 'Link', 'SetEnabled', '(b)', True)
        self.root.call(link, 'Link', 'AddAddress', '(sa{sv})', 'fd00:1::2/64', {}, timeout=5)
        self.assertCountEqual(self.tentative('v1', 'web'), ['fd00:1::1', 'fd00:1::2'])
        self.root.call(self.root.link('', 'v0'), 'Link', 'SetEnabled', '(b)', True)
        netns1.wait_for(lambda: not self.tentative('v1', 'web'))

    def test_right_after_up(self):
        """The kernel looks at carriers once a second: the call waits for that, too."""
        self.make_pair(up=False)
        for namespace, name in (('', 'v0'), ('web', 'v1')):
            self.root.call(self.root.link(namespace, name), 'Link', 'SetEnabled', '(b)', True)
        self.root.call(self.root.link('web', 'v1'), 'Link', 'AddAddress', '(sa{sv})', 'fd00:1::2/64', {})
        self.assertEqual(self.tentative('v1', 'web'), [])

    def test_ends_in_any_case(self):
        """The link goes meanwhile, is set down, or the kernel would ask for an hour."""
        for command in ('link delete v1', 'link set v1 down', 'address delete fd00:1::2/64 dev v1'):
            with self.subTest(command):
                self.make_pair(f'web{len(command)}')
                namespace = f'web{len(command)}'
                link = self.root.link(namespace, 'v1')
                run('sh', '-c', 'echo 3600 > /proc/sys/net/ipv6/conf/v1/dad_transmits', namespace=namespace)
                waiting = self.root.start(link, 'Link', 'AddAddress', '(sa{sv})', 'fd00:1::2/64', {})
                netns1.wait_for(lambda: self.tentative('v1', namespace))
                run('ip', *command.split(), namespace=namespace)
                waiting.result(9)
                run('ip', 'link', 'delete', 'v0', check=False)
        self.make_pair()
        link = self.root.link('web', 'v1')
        run('sh', '-c', 'echo 3600 > /proc/sys/net/ipv6/conf/v1/dad_transmits', namespace='web')
        self.root.call(link, 'Link', 'AddAddress', '(sa{sv})', 'fd00:1::2/64', {})
        self.assertEqual(self.tentative('v1', 'web'), ['fd00:1::2'])


class Ipv6Off(netns1.TestCase):
    """By the kernel setting disable_ipv6, of the host or of a namespace."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.switch, '0')

    def switch(self, value, namespace=None, links=('all', 'default')):
        """1 for off: of all links that there are, and of those that come."""
        for link in links:
            run('sh', '-c', f'echo {value} > /proc/sys/net/ipv6/conf/{link}/disable_ipv6', namespace=namespace)

    def off(self, link, namespace=None):
        return netns1.sysctl(f'net.ipv6.conf.{link}.disable_ipv6', namespace) == '1'

    def manager(self, method, signature, *values):
        return self.root.call(ROOT, 'Manager', method, signature, *values)

    def add(self, namespace, link, address='fd00:5::1/64'):
        self.root.call(self.root.link(namespace, link), 'Link', 'AddAddress', '(sa{sv})', address, {'dad': 'off'})

    def test_network_on_the_host(self):
        """The bridge belongs to the service: it has IPv6, and so has who is connected. Nothing else is switched on."""
        run('ip', 'link', 'add', 'other', 'type', 'ifb')
        self.switch('1')
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24', 'fd00:1::/64']})
        self.root.create_namespace('web')
        self.manager('Connect', '(ssa{sv})', 'web', 'lan', {})
        self.assertEqual(netns1.addresses('lan'), ['10.1.0.1/24', 'fd00:1::1/64'])
        for address in ('10.1.0.1', 'fd00:1::1'):
            self.assertTrue(netns1.can_ping(address, namespace='web'))
        self.assertEqual((self.off('lan'), self.off('other'), self.off('lo'), self.off('all'), self.off('default')),
                         (False, True, True, True, True))

    def test_new_links(self):
        """Of each kind, in the host and in a namespace: on for those that get an IPv6 address."""
        self.switch('1')
        self.root.create_namespace('web')
        self.switch('1', 'web')
        both = {'addresses': ['fd00:1::1/64', '10.1.0.1/24'], 'peer-addresses': ['fd00:1::2/64']}
        self.manager('CreateVeth', '(ssssa{sv})', '', 'v0', 'web', 'v1', both)
        self.assertEqual((self.off('v0'), self.off('v1', 'web')), (False, False))
        self.assertTrue(netns1.can_ping('fd00:1::2'))
        self.manager('CreateVeth', '(ssssa{sv})', '', 'v2', 'web', 'v3', {'peer-addresses': ['fd00:2::2/64', '10.2.0.1/24']})
        self.assertEqual((self.off('v2'), self.off('v3', 'web')), (True, False))
        for namespace in ('', 'web'):
            self.manager('CreateBridge', '(ssa{sv})', namespace, 'br0', {'addresses': ['10.3.0.1/24', 'fd00:3::1/64']})
            self.manager('CreateLink', '(sssa{sv})', namespace, 'ifb', 'ifb7', {'addresses': ['fd00:4::1/64']})
            for link, address in (('br0', 'fd00:3::1/64'), ('ifb7', 'fd00:4::1/64')):
                self.assertIn(address, netns1.addresses(link, namespace or None))
                self.assertFalse(self.off(link, namespace or None))

    def test_added(self):
        """To a link that has an owner; any other is left alone, and the error says what to do."""
        self.root.create_namespace('web')
        self.manager('CreateVeth', '(ssssa{sv})', '', 'v0', 'web', 'v1', {})
        run('ip', 'netns', 'add', 'foreign')
        run('ip', 'link', 'add', 'v1', 'type', 'ifb', namespace='foreign')
        run('ip', 'link', 'add', 'v7', 'type', 'ifb')
        for namespace in (None, 'web', 'foreign'):
            self.switch('1', namespace)
        netns1.wait_for(lambda: self.root.managed_objects().get(f'{ROOT}/namespace/foreign'))
        for namespace, link in (('', 'v0'), ('web', 'v1')):
            self.add(namespace, link)
            self.assertEqual(netns1.addresses(link, namespace or None), ['fd00:5::1/64'])
            self.assertFalse(self.off(link, namespace or None))
        for namespace, link in (('', 'v7'), ('foreign', 'v1')):
            netns1.wait_for(lambda: netns1.link(link, namespace or None))
            with self.unchanged(), self.assertBusError('NotSupported') as context:
                self.add(namespace, link, 'fd00:7::1/64')
            self.assertIn(f'“{link}”', context.exception.message)
            self.assertIn(f'net.ipv6.conf.{link}.disable_ipv6', context.exception.message)
            self.add(namespace, link, '10.5.0.1/24')

    def left_out(self, watcher):
        """What Drifted said about links without their addresses: [(path, expected, found)]"""
        return [(arguments[0], arguments[1]['Addresses'], arguments[2]['Addresses']) for _, member, arguments in watcher.signals
                if member == 'Drifted' and 'Addresses' in arguments[1]]

    def test_connected(self):
        """IPv4 alone where IPv6 is off, and that is said before the reply; unless IPv6 is asked for."""
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24', 'fd00:1::/64'], 'nat': True})
        self.manager('CreateNetwork', '(sa{sv})', 'six', {'subnets': ['fd00:6::/64']})
        for name in ('web', 'db', 'on'):
            self.root.create_namespace(name)
        for name in ('web', 'db'):
            self.switch('1', name)
        with watch.Watcher() as watcher:
            link = watcher.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', {})
            self.assertEqual(self.left_out(watcher), [(link, ['fd00:1::2/64'], [])])
            self.assertEqual(netns1.addresses('eth0', 'web'), ['10.1.0.2/24'])
            self.assertEqual(netns1.default_route('web'), '10.1.0.1')
            self.assertIsNone(netns1.default_route('web', 6))
            self.assertTrue(self.off('eth0', 'web'))
            watcher.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'on', 'lan', {})
            watcher.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'db', 'lan', {'addresses': ['10.1.0.77/24', 'fd00:1::77/64']})
            watcher.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'six', {})
            self.assertEqual(len(self.left_out(watcher)), 1)
        self.assertTrue(netns1.can_ping('10.1.0.1', namespace='web'))
        for name, address, gateway in (('db', 'fd00:1::77/64', 'fd00:1::1'), ('web', 'fd00:6::2/64', 'fd00:6::1')):
            link = 'eth0' if name == 'db' else 'eth1'
            self.assertIn(address, netns1.addresses(link, name))
            self.assertEqual(netns1.default_route(name, 6), gateway)
            self.assertTrue(netns1.can_ping(gateway, namespace=name))
            self.assertTrue(self.off('lo', name))

    def test_netnsctl_says_so(self):
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24', 'fd00:1::/64']})
        for name, off, arguments, told in (('one', True, [], True), ('two', False, [], False),
                                           ('three', True, ['--address', '10.1.0.9/24'], False)):
            self.root.create_namespace(name)
            if off:
                self.switch('1', name)
            result = netns1.netnsctl('connect', name, 'lan', *arguments, uid=0)
            self.assertEqual('IPv6 is off' in result.stderr, told, result.stderr)
            self.assertEqual(result.stdout, '')

    def test_home_again(self):
        """A link comes home although IPv6 was switched off there meanwhile, with the addresses that it can have."""
        run('ip', '-batch', '-', input='link add phys0 up type ifb\naddress add 10.5.0.1/24 dev phys0\n'
                                       'address add fd00:5::1/64 dev phys0 nodad\n')
        self.root.create_namespace('away')
        netns1.wait_for(lambda: netns1.link('phys0'))
        self.root.call(self.root.link('', 'phys0'), 'Link', 'MoveTo', '(sa{sv})', 'away', {})
        self.switch('1')
        self.root.call(f'{ROOT}/namespace/away', 'Namespace', 'Delete', '(a{sv})', {})
        self.assertEqual(netns1.addresses('phys0'), ['10.5.0.1/24'])


class DownAndUp(netns1.TestCase):
    """What the kernel takes from a link that is set down comes again with it, and nothing else."""

    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24', 'fd00:1::/64'], 'nat': True})
        self.link = self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', {})
        self.root.call(self.link, 'Link', 'AddAddress', '(sa{sv})', 'fd00:7::1/64', {'dad': 'off', 'metric': u(7)})
        web = f'{ROOT}/namespace/web'
        for destination, gateway, options in (('192.0.2.0/24', '10.1.0.9', {'metric': u(5)}), ('198.51.100.0/24', '172.16.0.1',
                                              {'link': 'eth0', 'onlink': True}), ('fd00:8::/64', 'fd00:7::2', {}),
                                              ('203.0.113.0/24', '10.1.0.9', {'table': u(300)})):
            self.root.call(web, 'Namespace', 'AddRoute', '(ssa{sv})', destination, gateway, options)

    def set(self, up):
        self.root.call(self.link, 'Link', 'SetEnabled', '(b)', up)

    def state(self):
        routes = [json.dumps({**route, 'flags': sorted(flag for flag in route.get('flags', []) if flag != 'linkdown')}, sort_keys=True)
                  for family in (4, 6) for route in netns1.ip(f'-{family}', 'route', 'show', 'table', 'all', namespace='web')
                  if route.get('type', 'unicast') == 'unicast' and not str(route['dst']).startswith('fe80:')]
        return addresses_of('eth0', 'web'), sorted(routes)

    def test_by_the_service(self):
        """At once: when the reply comes."""
        before = self.state()
        self.set(False)
        self.assertIsNone(netns1.default_route('web'))
        self.set(True)
        self.assertEqual(self.state(), before)
        for address in ('10.1.0.1', 'fd00:1::1'):
            self.assertTrue(netns1.can_ping(address, namespace='web'))
        truth.check(self, self.root, timeout=netns1.PATIENCE, view=truth.calm)

    def test_by_others(self):
        """Both, or one of the two; also in a moment, and more than once."""
        before = self.state()
        for _ in range(2):
            run('ip', 'link', 'set', 'eth0', 'down', namespace='web')
            run('ip', 'link', 'set', 'eth0', 'up', namespace='web')
            netns1.wait_for(lambda: self.state() == before)
        run('ip', '-batch', '-', namespace='web', input='link set eth0 down\nlink set eth0 up\n')
        netns1.wait_for(lambda: self.state() == before)
        self.set(False)
        run('ip', 'link', 'set', 'eth0', 'up', namespace='web')
        netns1.wait_for(lambda: self.state() == before)
        run('ip', 'link', 'set', 'eth0', 'down', namespace='web')
        netns1.wait_for(lambda: not self.root.get(self.link, 'Link', 'Enabled'))
        self.set(True)
        self.assertEqual(self.state(), before)

    def test_what_was_removed_stays_away(self):
        """Before, by the service and by others; and what others made comes as the kernel has it."""
        self.root.call(f'{ROOT}/namespace/web', 'Namespace', 'RemoveRoute', '(ssa{sv})', 'default', '10.1.0.1', {})
        self.root.call(self.link, 'Link', 'RemoveAddress', '(s)', 'fd00:7::1/64')
        run('ip', 'route', 'delete', '192.0.2.0/24', namespace='web')
        run('ip', 'route', 'add', '192.0.2.128/25', 'via', '10.1.0.9', namespace='web')
        self.set(False)
        self.set(True)
        destinations = [route['dst'] for route in netns1.ip('-4', 'route', namespace='web')]
        self.assertCountEqual(destinations, ['10.1.0.0/24', '198.51.100.0/24'])
        self.assertEqual(netns1.addresses('eth0', 'web'), ['10.1.0.2/24', 'fd00:1::2/64'])
        self.assertEqual(netns1.default_route('web', 6), 'fd00:1::1')

    def test_link_of_nobody(self):
        """Is nobody's business."""
        run('ip', 'netns', 'add', 'foreign')
        run('ip', '-batch', '-', namespace='foreign', input='link add v7 up type ifb\naddress add 10.7.0.1/24 dev v7\n'
            'address add fd00:7::1/64 dev v7 nodad\nroute add default via 10.7.0.2 proto static\n')
        netns1.wait_for(lambda: self.root.managed_objects().get(f'{ROOT}/namespace/foreign'))
        link = self.root.link('foreign', 'v7')
        for up in (False, True):
            self.root.call(link, 'Link', 'SetEnabled', '(b)', up)
        self.assertIsNone(netns1.default_route('foreign'))
        self.assertEqual(netns1.addresses('v7', 'foreign'), ['10.7.0.1/24'])


if __name__ == '__main__':
    netns1.main()
