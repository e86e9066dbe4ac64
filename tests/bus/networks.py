# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks of one name in several namespaces, for the tests of their names and of their identity."""
import unittest

import netns1
from netns1 import allow_only, network_path, ROOT, run

STATE = '/run/netnsd/networks'
OWN = ('create-namespace', 'configure-own')
NETWORK = f'{netns1.SERVICE}.Network'


def path_of(namespace):
    return f'{ROOT}/namespace/{netns1.escape(namespace)}'


def cookie(namespace):
    """SO_NETNS_COOKIE"""
    code = 'import socket, struct; print(struct.unpack("Q", socket.socket().getsockopt(1, 71, 8))[0])'
    return run('/usr/bin/python3', '-c', code, namespace=namespace).stdout.strip()


def second_name(name, other, *then):
    """As `ip netns attach` gives it; with further commands, all at once."""
    run('sh', '-e', '-c', '; '.join((f'touch /run/netns/{other}', f'mount --bind /run/netns/{name} /run/netns/{other}', *then)))


@unittest.skipUnless(netns1.IS_ROOT, 'needs two ordinary users')
class NamesTestCase(netns1.TestCase):
    rules = allow_only(*OWN)

    def create(self, caller, name, namespace='', **options):
        return caller.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name,
                           {**({'namespace': namespace} if namespace else {}), **options})

    def connect(self, caller, namespace, network, **options):
        return caller.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', namespace, network, options)

    def rename(self, caller, name, new_name):
        caller.call(path_of(name), 'Namespace', 'Rename', '(s)', new_name)

    def networks(self):
        """Path and name of each."""
        return {path: interfaces[NETWORK]['Name'] for path, interfaces in self.root.managed_objects().items()
                if NETWORK in interfaces}

    def assert_networks(self, *names):
        self.assertEqual(self.networks(), {network_path(name): name for name in names})

    def make_three(self):
        """Networks called `lan` of alice, of bob, and of the host, each with a member."""
        for number, (caller, namespace) in enumerate(((self.alice, 'web'), (self.bob, 'shop'))):
            caller.create_namespace(namespace)
            path = self.create(caller, 'lan', namespace, subnets=[f'10.{number + 1}.0.0/24'])
            self.assertEqual(path, network_path(f'{namespace}:lan'))
            caller.create_namespace(f'{namespace}-client')
            self.connect(caller, f'{namespace}-client', f'{namespace}:lan')
        self.assertEqual(self.create(self.root, 'lan', subnets=['10.3.0.0/24']), network_path('lan'))
        self.root.create_namespace('client')
        self.connect(self.root, 'client', 'lan')
