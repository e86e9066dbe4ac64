#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# All or nothing, for networks and the translation of addresses.
import faults
import netns1

SUBNETS = ['10.1.0.0/24', 'fd00:1::/64']


class Networks(faults.TestCase):
    def create(self, name='lan', **options):
        self.manager('CreateNetwork', '(sa{sv})', name, {'subnets': SUBNETS, 'nat': True, **options})

    def delete(self, name='lan'):
        self.network(name, 'Delete')

    def connect(self, **options):
        self.manager('Connect', '(ssa{sv})', 'web', 'lan', {'addresses': ['10.1.0.2/24', 'fd00:1::2/64'], **options})

    def disconnect(self):
        self.manager('Disconnect', '(ss)', 'web', 'lan')

    def add_uplink(self):
        """One that has its IPv6 address from router advertisements: forwarding must not cut it off."""
        netns1.run('ip', 'link', 'add', 'uplink', 'type', 'ifb')
        with open('/proc/sys/net/ipv6/conf/uplink/accept_ra', 'w') as file:
            file.write('1')

    def test_create(self):
        """The first with NAT: forwarding is switched on."""
        self.add_uplink()
        self.walk(self.create, self.delete, at_least=25)

    def test_create_second(self):
        """Not the first one, and on a bridge that is there."""
        self.create()
        self.manager('CreateBridge', '(ssa{sv})', '', 'mine', {})
        self.walk(lambda: self.create('more', subnets=['10.2.0.0/24', 'fd00:2::/64'], bridge='mine'),
                  lambda: self.delete('more'), at_least=9)

    def test_links(self):
        """All forward already, but the uplink and new links do not."""
        def switch(link, on):
            with open(f'/proc/sys/net/ipv4/conf/{link}/forwarding', 'w') as file:
                file.write(str(int(on)))
        self.add_uplink()
        self.addCleanup(switch, 'all', False)
        switch('all', True)
        for link in ('default', 'uplink'):
            switch(link, False)
        options = {'subnets': ['10.1.0.0/24'], 'uplink': 'uplink'}
        self.walk(lambda: self.create(**options), self.delete, at_least=15)
        self.walk(self.delete, lambda: self.create(**options), at_least=12)

    def test_create_isolated(self):
        self.walk(lambda: self.create(nat=False, isolated=True), self.delete, at_least=9)

    def test_delete(self):
        """The last with NAT: forwarding is given back."""
        self.add_uplink()
        self.create()
        self.walk(self.delete, self.create, at_least=15)

    def test_delete_from_own_bridge(self):
        """The bridge stays, its addresses go."""
        self.manager('CreateBridge', '(ssa{sv})', '', 'mine', {})
        self.create(bridge='mine')
        self.walk(self.delete, lambda: self.create(bridge='mine'), at_least=15)

    def test_set_nat(self):
        self.add_uplink()
        self.create(nat=False)

        def switch(nat):
            self.network('lan', 'SetNat', '(b)', nat)
        self.walk(lambda: switch(True), lambda: switch(False), at_least=15)
        self.walk(lambda: switch(False), lambda: switch(True), at_least=12)

    def test_connect_guarded(self):
        """The members' addresses are elements of sets, and a file."""
        self.make_namespaces('web')
        self.create(nat=False, guard=True)
        self.walk(self.connect, self.disconnect, at_least=12)
        self.walk(self.disconnect, self.connect, at_least=5)

    def test_guard_comes(self):
        """With the second owner of members."""
        self.make_namespaces('web', 'other')
        self.root.call(f'{netns1.ROOT}/namespace/other', 'Namespace', 'SetOwner', '(u)', 7)

        def begin():
            self.create(nat=False)
            self.manager('Connect', '(ssa{sv})', 'other', 'lan', {'addresses': ['10.1.0.9/24']})

        def begin_again():
            self.disconnect()
            self.manager('Disconnect', '(ss)', 'other', 'lan')
            self.delete()
            begin()
        begin()
        self.walk(self.connect, begin_again, at_least=14)

    def test_connect(self):
        """A long name for the far end, and default routes."""
        netns1.run('ip', 'link', 'add', 'other', 'type', 'bridge')
        self.make_namespaces('web')
        self.create()
        self.walk(self.connect, self.disconnect, at_least=12)

    def test_connect_where_ipv6_is_off(self):
        """Without IPv6; and where it is asked for, with it."""
        self.make_namespaces('web')
        self.create()
        netns1.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6', namespace='web')
        self.walk(lambda: self.connect(addresses=[]), self.disconnect, at_least=12)
        self.disconnect()
        self.walk(lambda: self.connect(addresses=['10.1.0.9/24', 'fd00:1::9/64']), self.disconnect, at_least=14)

    def test_connect_with_long_name(self):
        self.make_namespaces('web')
        self.create()
        self.walk(lambda: self.connect(name='a-name-of-more-than-fifteen-bytes'), self.disconnect, at_least=12)

    def test_disconnect(self):
        self.make_namespaces('web')
        self.create()
        self.connect()
        self.walk(self.disconnect, self.connect, at_least=3)

    def test_create_and_delete_nat(self):
        for place in ('', 'web'):
            with self.subTest(place):
                self.make_namespaces(*([place] if place else []))

                def create():
                    self.manager('CreateNat', '(sasa{sv})', place, SUBNETS, {})

                def delete():
                    path = next(path for path in self.root.managed_objects() if '/nat/' in path)
                    self.root.call(path, 'Nat', 'Delete')
                self.walk(create, delete, at_least=12)
                self.walk(delete, create, at_least=12)


if __name__ == '__main__':
    netns1.main()
