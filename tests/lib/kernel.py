# SPDX-License-Identifier: LGPL-2.1-or-later
"""All that the kernel has of a network namespace, asked by netlink and libnftables: what `ip -details`, `tc qdisc` and
`nft -j` print, without starting a dozen programs. Values are those of the kernel, as hexadecimal text where nothing
here needs to know what they mean; an attribute without a name here has its number in linux/if_link.h or its like.

  kernel.describe()                    # {'links': [...], 'addresses': [...], 'routes': [...], ...} of this one
  kernel.describe('/run/netns/web')

What changes by itself is left out: counters, timers, duplicate address detection, and what the kernel does up to a second
after a link went up, when it looks at carriers: state and queue of the link, its own IPv6 addresses and routes."""
import concurrent.futures
import ctypes
import functools
import json
import os
import socket
import struct

CLONE_NEWNET = 0x40000000
REQUEST_DUMP, DUMP_INTERRUPTED = 0x301, 0x10
ERROR, DONE = 2, 3
GET_LINK, GET_ADDRESS, GET_ROUTE, GET_RULE, GET_QDISC = 18, 22, 26, 34, 38
FAMILIES = (socket.AF_INET, socket.AF_INET6)
EXT_MASK, SKIP_STATISTICS = 29, 8

RUNNING = 0x40 | 0x10000 | 0x20000  # IFF_RUNNING, IFF_LOWER_UP, IFF_DORMANT
TENTATIVE = 0x40  # IFA_F_TENTATIVE
LINK_DOWN = 16  # RTNH_F_LINKDOWN
ANYCAST, MULTICAST, LOCAL_TABLE = 4, 5, 255
OWN_PREFIXES = (b'\xfe\x80', b'\xff\x00')  # of addresses that the kernel gives to links itself

NAMES = {
    'link': {1: 'address', 2: 'broadcast', 3: 'name', 4: 'mtu', 5: 'link', 10: 'master', 18: 'info', 20: 'alias',
             37: 'link_netnsid', 52: 'alternative names', 54: 'permanent address'},
    'info': {1: 'kind', 2: 'data', 4: 'slave_kind', 5: 'slave_data'},
    'bridge': {10: 'root_id', 11: 'bridge_id'},
    'port': {3: 'cost', 13: 'designated_root', 14: 'designated_bridge'},
    'address': {1: 'peer', 2: 'local', 3: 'label', 4: 'broadcast', 8: 'flags'},
    'route': {1: 'dst', 4: 'dev', 5: 'gateway', 6: 'metric', 7: 'source', 15: 'table'},
    'rule': {},
    'qdisc': {1: 'kind', 2: 'options'},
}
# By the same names: queue, statistics, state, carrier (also how often it changed), settings of the families, tso_max_size;
# timers, and who asks for multicast; of a port its state, which follows the carrier, timers and multicast groups; when an
# address and a route were made, and whether anything uses it.
RESTLESS = {
    'link': {6, 7, 16, 23, 26, 33, 35, 47, 48, 59},
    'info': {3},
    'bridge': {16, 17, 18, 19, 47, 48},
    'port': {1, 21, 22, 23, 41},
    'address': {6},
    'route': {12},
    'rule': set(),
    'qdisc': {3, 4, 7},
}
TEXTS = {'name', 'alias', 'kind', 'slave_kind', 'label'}
LINKS = {'master', 'dev'}  # numbers of links in the same namespace
RESTLESS_KEYS = {'packets', 'bytes'}  # of nftables

libc = ctypes.CDLL(None, use_errno=True)


def _attributes(data):
    offset = 0
    while offset + 4 <= len(data):
        size, kind = struct.unpack_from('=HH', data, offset)
        yield kind & 0x3fff, data[offset + 4:offset + size]
        offset += (size + 3) & ~3


def _describe(data, what, links):
    described = {}
    for number, value in _attributes(data):
        if number in RESTLESS[what]:
            continue
        name = NAMES[what].get(number, str(number))
        if name in TEXTS:
            value = value.rstrip(b'\0').decode(errors='replace')
        elif name in LINKS:
            index, = struct.unpack('=I', value)
            value = links.get(index, index)
        elif name == 'alternative names':
            value = sorted(name.rstrip(b'\0').decode(errors='replace') for _, name in _attributes(value))
        elif name == 'info':
            value = _describe_info(value)
        else:
            value = value.hex()
        described[name] = value
    return described


def _describe_info(data):
    """What depends on the kind of a link and on that of its master."""
    info = _describe(data, 'info', {})
    for key, kind, what in (('data', 'kind', 'bridge'), ('slave_data', 'slave_kind', 'port')):
        if key in info and info.get(kind) == 'bridge':
            info[key] = _describe(bytes.fromhex(info[key]), what, {})
    return info


class Netlink:
    """A socket in the namespace that the calling thread is in."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self.number = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def dump(self, kind, body):
        """The messages that answer, without their headers; once more if something changed meanwhile."""
        while True:
            self.number += 1
            self.socket.send(struct.pack('=IHHII', 16 + len(body), kind, REQUEST_DUMP, self.number, 0) + body)
            found, interrupted = self._receive()
            if not interrupted:
                return found

    def _receive(self):
        found, interrupted = [], False
        while True:
            data, offset = self.socket.recv(1 << 20), 0
            while offset < len(data):
                size, kind, flags, number, _ = struct.unpack_from('=IHHII', data, offset)
                body = data[offset + 16:offset + size]
                offset += (size + 3) & ~3
                if number != self.number:
                    continue
                interrupted |= bool(flags & DUMP_INTERRUPTED)
                if kind == DONE:
                    return found, interrupted
                if kind == ERROR:
                    code, = struct.unpack_from('=i', body)
                    raise OSError(-code, os.strerror(-code))
                found.append(body)


def _list_links(netlink):
    body = struct.pack('=BxHiII', 0, 0, 0, 0, 0) + struct.pack('=HHI', 8, EXT_MASK, SKIP_STATISTICS)
    messages = [(struct.unpack_from('=BxHiII', message), message[16:]) for message in netlink.dump(GET_LINK, body)]
    names = {index: next(value.rstrip(b'\0').decode() for number, value in _attributes(rest) if number == 3)
             for (_, _, index, _, _), rest in messages}
    return names, [{'ifindex': index, 'flags': flags & ~RUNNING, 'type': kind, **_describe(rest, 'link', names)}
                   for (_, kind, index, flags, _), rest in messages]


def _list_addresses(netlink, links):
    addresses = []
    for message in netlink.dump(GET_ADDRESS, bytes(8)):
        family, length, _, scope, index = struct.unpack_from('=BBBBI', message)
        address = _describe(message[8:], 'address', links)
        address.setdefault('local', address.get('peer'))
        if not bytes.fromhex(address['local']).startswith(OWN_PREFIXES):
            flags, = struct.unpack('=I', bytes.fromhex(address['flags']))
            addresses.append({**address, 'family': family, 'prefixlen': length, 'scope': scope, 'dev': links.get(index, index),
                              'flags': flags & ~TENTATIVE})
    return addresses


def _list_routes(netlink, family, links):
    routes = []
    for message in netlink.dump(GET_ROUTE, bytes([family]) + bytes(11)):
        head = struct.unpack_from('=BBBBBBBBI', message)
        route = _describe(message[12:], 'route', links)
        own = bytes.fromhex(route.get('dst', '')).startswith(OWN_PREFIXES)
        if not own and head[7] not in (ANYCAST, MULTICAST) and head[4] != LOCAL_TABLE:
            routes.append({**route, 'head': [*head[:8], head[8] & ~LINK_DOWN]})
    return routes


def _list_rules(netlink, family):
    return [{**_describe(message[12:], 'rule', {}), 'head': list(struct.unpack_from('=BBBBBBBBI', message))}
            for message in netlink.dump(GET_RULE, bytes([family]) + bytes(11))]


def _list_qdiscs(netlink, links):
    """Without those that the kernel chose itself, which have no handle."""
    heads = [(struct.unpack_from('=BxxxiIII', message), message[20:]) for message in netlink.dump(GET_QDISC, bytes(20))]
    return [{**_describe(rest, 'qdisc', links), 'dev': links.get(index, index), 'handle': handle, 'parent': parent,
             'users': users} for (_, index, handle, parent, users), rest in heads if handle != 0]


@functools.cache
def _nftables():
    library = ctypes.CDLL('libnftables.so.1')
    library.nft_ctx_new.restype = library.nft_ctx_get_output_buffer.restype = ctypes.c_void_p
    for function in (library.nft_ctx_output_set_flags, library.nft_ctx_buffer_output, library.nft_run_cmd_from_buffer,
                     library.nft_ctx_get_output_buffer, library.nft_ctx_free, library.nft_ctx_buffer_error):
        function.argtypes = [ctypes.c_void_p]
    return library


def list_ruleset():
    """As `nft -j list ruleset`."""
    library = _nftables()
    context = library.nft_ctx_new(0)
    try:
        library.nft_ctx_output_set_flags(context, 1 << 4)  # NFT_CTX_OUTPUT_JSON
        library.nft_ctx_buffer_output(context)
        library.nft_ctx_buffer_error(context)
        if library.nft_run_cmd_from_buffer(context, b'list ruleset') != 0:
            raise RuntimeError('libnftables cannot list the rules')
        return json.loads(ctypes.string_at(library.nft_ctx_get_output_buffer(context)))['nftables']
    finally:
        library.nft_ctx_free(context)


def _calm(value):
    if isinstance(value, dict):
        return {key: _calm(item) for key, item in value.items() if key not in RESTLESS_KEYS}
    if isinstance(value, list):
        return [_calm(item) for item in value if not (isinstance(item, dict) and 'metainfo' in item)]
    return value


def _read_setting(name):
    with open(f'/proc/sys/net/{name}') as file:
        return file.read().strip()


def _link_settings():
    return [f'{family}/conf/{name}/{setting}' for family, setting in (('ipv6', 'disable_ipv6'), ('ipv4', 'forwarding'))
            for name in sorted(os.listdir(f'/proc/sys/net/{family}/conf'))]


def _describe_here():
    with Netlink() as netlink:
        names, links = _list_links(netlink)
        return {
            'links': links,
            'addresses': _list_addresses(netlink, names),
            'routes': [route for family in FAMILIES for route in _list_routes(netlink, family, names)],
            'rules': [rule for family in FAMILIES for rule in _list_rules(netlink, family)],
            'qdiscs': _list_qdiscs(netlink, names),
            'nftables': _calm(list_ruleset()),
            'settings': {name: _read_setting(name) for name in ('ipv4/ip_forward', 'ipv4/conf/all/forwarding',
                                                                'ipv6/conf/all/forwarding', *_link_settings())},
        }


def _enter(descriptor):
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'setns')


def _describe_there(path):
    """By a thread of its own, which comes back."""
    home, there = (os.open(place, os.O_RDONLY | os.O_CLOEXEC) for place in ('/proc/thread-self/ns/net', path))
    try:
        _enter(there)
        try:
            return _describe_here()
        finally:
            _enter(home)
    finally:
        os.close(home)
        os.close(there)


@functools.cache
def _thread():
    return concurrent.futures.ThreadPoolExecutor(1)


def describe(path='/proc/self/ns/net'):
    """Of one after the other: libnftables has a memory of its own."""
    return _thread().submit(_describe_there, path).result()
