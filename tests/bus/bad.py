# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls that make no sense, as rows for test-bad-input.py: which error they get, and which words must be in its text."""
import collections
import functools

from gi.repository import GLib
import netns1
from netns1 import HOST, ROOT

Bad = collections.namedtuple('Bad', 'error words path method signature values')

NO_LINK = f'{HOST}/link/999999'
BAD_NAMES = ('../x', '', 'a' * 300, 'new\nline', '.', '-x', '..', 'a/b', '.hidden', 'a b', 'a*', 'ü')
BAD_LINK_NAMES = (*BAD_NAMES, 'a' * 128, 'all', 'default', 'a:b')
BAD_ADDRESSES = ('10.0.0.1/33', '::1/129', '1.2.3', '10.0.0.1/', '10.0.0.1/-1', '10.0.0.1/24x', '', 'web',
                 '10.0.0.1/4294967320')
BAD_SUBNETS = (*BAD_ADDRESSES, '10.7.0.1/24', 'fd00:7::1/64')
BAD_MACS = ('01:00:00:00:00:01', '00:00:00:00:00:00', '02:00:00:00:00', '02:00:00:00:00:0g', '', '02-00-00-00-00-01',
            '02:00:00:00:00:01:02')

INVALID_ARGUMENT, INVALID_NAME = 'InvalidArgument', 'InvalidName'


def twice(key, value):
    """A dictionary with one key twice, which only a message can have."""
    entry = f"{{'{key}', <{value}>}}"
    return GLib.Variant.parse(GLib.VariantType('a{sv}'), f'[{entry}, {entry}]')


def of_manager(method, signature, error, words, *values):
    return Bad(error, words, ROOT, f'Manager.{method}', signature, values)


create_namespace = functools.partial(of_manager, 'CreateNamespace', '(sa{sv})')
get_namespace = functools.partial(of_manager, 'GetNamespace', '(s)')
get_link = functools.partial(of_manager, 'GetLink', '(ss)')
create_veth = functools.partial(of_manager, 'CreateVeth', '(ssssa{sv})')
create_bridge = functools.partial(of_manager, 'CreateBridge', '(ssa{sv})')
create_tap = functools.partial(of_manager, 'CreateTap', '(ssa{sv})')
create_link = functools.partial(of_manager, 'CreateLink', '(sssa{sv})')
create_network = functools.partial(of_manager, 'CreateNetwork', '(sa{sv})')
connect = functools.partial(of_manager, 'Connect', '(ssa{sv})')
disconnect = functools.partial(of_manager, 'Disconnect', '(ss)')
create_nat = functools.partial(of_manager, 'CreateNat', '(sasa{sv})')
create_forward = functools.partial(of_manager, 'CreateForward', '(ssqa{sv})')


def of_namespace(place, method, signature, error, words, *values):
    return Bad(error, words, f'{ROOT}/namespace/{place}', f'Namespace.{method}', signature, values)


def of_link(place, name, method, signature, error, words, *values):
    return Bad(error, words, lambda world: world.root.link(place, name), f'Link.{method}', signature, values)


def of_network(name, method, signature, error, words, *values):
    return Bad(error, words, netns1.network_path(name), f'Network.{method}', signature, values)


def path_of_link(place, name):
    return lambda world: world.root.link(place, name)
