#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# All or nothing, for what changes namespaces and their routes.
import faults
import netns1
from gi.repository import GLib


class Namespaces(faults.TestCase):
    def test_create(self):
        self.walk(lambda: self.root.create_namespace('web'), lambda: self.namespace('web', 'Delete', '(a{sv})', {}),
                  at_least=8)

    def test_delete(self):
        """With a veth pair to the host."""
        def make():
            self.root.create_namespace('web')
            self.manager('CreateVeth', '(ssssa{sv})', '', 'v0', 'web', 'v1', {})
        make()
        self.walk(lambda: self.namespace('web', 'Delete', '(a{sv})', {}), make, at_least=4)

    def test_delete_with_link_of_the_host(self):
        """Which goes home before; and comes back when the rest fails."""
        def make():
            self.root.create_namespace('web')
            netns1.wait_for(lambda: netns1.link('phys0'))
            self.link('', 'phys0', 'MoveTo', '(sa{sv})', 'web', {'name': 'wan'})
            netns1.run('ip', '-batch', '-', namespace='web', input="""
link set wan up
address add 10.0.0.1/24 dev wan label wan:1
address add 10.0.0.2/24 dev wan
address add 10.0.1.1 peer 10.0.1.2/32 metric 77 dev wan
address add fd02::1/64 dev wan nodad noprefixroute
""")
            wan = self.root.link('web', 'wan')  # the kernel tells of this address late
            netns1.wait_for(lambda: 'fd02::1/64' in dict(self.root.get(wan, 'Link', 'Addresses')))
        netns1.run('ip', '-batch', '-', input="""
link add phys0 up type ifb
address add 192.0.2.1/24 dev phys0 label phys0:1
address add 192.0.2.2 peer 192.0.2.3/32 dev phys0
address add fd03::1/64 dev phys0 nodad metric 78
""")
        make()
        self.walk(lambda: self.namespace('web', 'Delete', '(a{sv})', {}), make, at_least=10)

    def test_delete_by_force(self):
        """Of a process inside, which may have ended when the rest fails."""
        def delete():
            process = netns1.sleeper(self, 'ip', 'netns', 'exec', 'web')
            try:
                self.namespace('web', 'Delete', '(a{sv})', {'kill': True})
            finally:
                process.kill()
                process.wait()
        self.root.create_namespace('web')
        self.walk(delete, lambda: self.root.create_namespace('web'), at_least=12)

    def test_delete_with_network(self):
        """What a namespace holds of the service's own ends with it."""
        def make():
            self.root.create_namespace('web')
            self.manager('CreateNetwork', '(sa{sv})', 'inner', {'namespace': 'web', 'subnets': ['10.9.0.0/24'],
                                                               'nat': True})
        make()
        self.walk(lambda: self.namespace('web', 'Delete', '(a{sv})', {}), make, at_least=5)

    def test_delete_with_two_names(self):
        def make():
            self.root.create_namespace('web')
            with open('/run/netns/also', 'w'):
                pass
            netns1.run('mount', '--bind', '/run/netns/web', '/run/netns/also')
            netns1.wait_for(lambda: self.root.call(netns1.ROOT, 'Manager', 'GetNamespace', '(s)', 'also'))
        make()
        self.walk(lambda: self.namespace('web', 'Delete', '(a{sv})', {}), make, at_least=4)

    def test_set_dns(self):
        self.make_namespaces('web')
        self.walk(lambda: self.namespace('web', 'SetDns', '(asas)', ['192.0.2.53'], ['example.org']),
                  lambda: self.namespace('web', 'SetDns', '(asas)', [], []), at_least=10)

    def test_unset_dns(self):
        self.make_namespaces('web')
        self.namespace('web', 'SetDns', '(asas)', ['192.0.2.53'], [])
        self.walk(lambda: self.namespace('web', 'SetDns', '(asas)', [], []),
                  lambda: self.namespace('web', 'SetDns', '(asas)', ['192.0.2.53'], []), at_least=2)

    def test_rename_with_dns(self):
        self.make_namespaces('web')
        self.namespace('web', 'SetDns', '(asas)', ['192.0.2.53'], ['example.org'])
        self.walk(lambda: self.namespace('web', 'Rename', '(s)', 'shop'),
                  lambda: self.namespace('shop', 'Rename', '(s)', 'web'), at_least=15)

    def test_delete_with_dns(self):
        def make():
            self.root.create_namespace('web')
            self.namespace('web', 'SetDns', '(asas)', ['192.0.2.53'], [])
        make()
        self.walk(lambda: self.namespace('web', 'Delete', '(a{sv})', {}), make, at_least=6)

    def test_rename(self):
        self.make_namespaces('web')
        self.walk(lambda: self.namespace('web', 'Rename', '(s)', 'shop'),
                  lambda: self.namespace('shop', 'Rename', '(s)', 'web'), at_least=5)

    def test_rename_with_network(self):
        """Its networks are written down by the name of the namespace."""
        self.make_namespaces('web')
        self.manager('CreateNetwork', '(sa{sv})', 'inner', {'namespace': 'web', 'subnets': ['10.9.0.0/24']})
        self.manager('CreateNat', '(sasa{sv})', 'web', ['10.8.0.0/24'], {})
        self.walk(lambda: self.namespace('web', 'Rename', '(s)', 'shop'),
                  lambda: self.namespace('shop', 'Rename', '(s)', 'web'), at_least=9)

    def test_set_owner(self):
        self.make_namespaces('web')
        self.walk(lambda: self.namespace('web', 'SetOwner', '(u)', 1000),
                  lambda: self.namespace('web', 'SetOwner', '(u)', 0), at_least=4)

    def test_add_route(self):
        self.make_namespaces('web')
        self.manager('CreateVeth', '(ssssa{sv})', 'web', 'v1', '', 'v0', {'addresses': ['10.1.0.2/24']})
        self.walk(lambda: self.namespace('web', 'AddRoute', '(ssa{sv})', 'default', '10.1.0.1', {}),
                  lambda: self.namespace('web', 'RemoveRoute', '(ssa{sv})', 'default', '10.1.0.1', {}), at_least=3)

    def test_remove_route(self):
        self.make_namespaces('web')
        self.manager('CreateVeth', '(ssssa{sv})', 'web', 'v1', '', 'v0', {'addresses': ['10.1.0.2/24']})
        self.namespace('web', 'AddRoute', '(ssa{sv})', '192.0.2.0/24', '10.1.0.1', {})
        self.walk(lambda: self.namespace('web', 'RemoveRoute', '(ssa{sv})', '192.0.2.0/24', '10.1.0.1', {}),
                  lambda: self.namespace('web', 'AddRoute', '(ssa{sv})', '192.0.2.0/24', '10.1.0.1', {}), at_least=3)

    def test_routes_of_other_types(self):
        self.make_namespaces('web')
        for destination in ('192.0.2.0/24', 'fd00:9::/48'):
            arguments = (destination, '', {'type': 'blackhole', 'metric': GLib.Variant('u', 7)})
            self.walk(lambda: self.namespace('web', 'AddRoute', '(ssa{sv})', *arguments),
                      lambda: self.namespace('web', 'RemoveRoute', '(ssa{sv})', *arguments), at_least=3)
            self.walk(lambda: self.namespace('web', 'RemoveRoute', '(ssa{sv})', destination, '', {}),
                      lambda: self.namespace('web', 'AddRoute', '(ssa{sv})', *arguments), at_least=3)

    def test_remove_one_way_of_several(self):
        """Of IPv4, a route without it comes first, and goes again if the other stays."""
        self.make_namespaces('web')
        self.manager('CreateVeth', '(ssssa{sv})', 'web', 'v1', '', 'v0', {'addresses': ['10.1.0.2/24', 'fd00:1::2/64']})
        for family, destination, ways in (('-4', '192.0.2.0/24', ('10.1.0.1', '10.1.0.3', '10.1.0.4')),
                                          ('-6', 'fd00:9::/48', ('fd00:1::1', 'fd00:1::3', 'fd00:1::4'))):
            def back():
                netns1.run('ip', family, 'route', 'flush', destination, namespace='web')
                netns1.run('ip', family, 'route', 'add', destination, *' '.join(f'nexthop via {way}' for way in ways).split(),
                           namespace='web')
                netns1.wait_for(lambda: [route for route in self.root.get(f'{netns1.ROOT}/namespace/web', 'Namespace', 'RouteData')
                                         if len(route.get('nexthops', [])) == 3 and route['destination'] == destination])
            back()
            self.walk(lambda: self.namespace('web', 'RemoveRoute', '(ssa{sv})', destination, ways[1], {}), back, at_least=3)
            netns1.run('ip', family, 'route', 'flush', destination, namespace='web')

    def test_sysctl(self):
        self.make_namespaces('web')
        self.walk(lambda: self.namespace('web', 'SetSysctl', '(ss)', 'net.ipv4.ip_forward', '1'),
                  lambda: self.namespace('web', 'SetSysctl', '(ss)', 'net.ipv4.ip_forward', '0'), at_least=3)


if __name__ == '__main__':
    netns1.main()
