# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether the bus shows what the kernel has: both sides as plain values that can be compared. The kernel's side comes
from ip and bridge alone.

  truth.check(self, self.root)             # right now
  truth.check(self, self.root, timeout=5)  # within 5 s

A namespace is {'links': {ifindex: {...}}, 'routes': [...]} by its name, '' for the host."""
import concurrent.futures
import contextlib
import difflib
import json
import os
import pprint
import re
import time

import netns1

COMMANDS = ('ip -json -details link', 'ip -json address', 'ip -json -4 route', 'ip -json -6 route',
            'ip netns list-id')
WITH_NAME = ('host', 'named')
WITHOUT_NAME = ('process', 'mount', 'descriptor')
TENTATIVE, NO_PREFIX_ROUTE = 0x40, 0x200  # IFA_F_TENTATIVE, IFA_F_NOPREFIXROUTE
FOR_EVER = 2**32 - 1  # seconds
MAIN = 254  # RT_TABLE_MAIN
SEPARATOR = '--- truth ---'
SCRIPT = f'echo {SEPARATOR};'.join(f'{command};' for command in COMMANDS)


# ---- the kernel

def _dump(name):
    """What the tools say about one namespace; None if it is gone meanwhile."""
    result = netns1.run('sh', '-c', SCRIPT, namespace=name or None, check=False)
    if result.returncode != 0:
        return None
    links, addresses, routes4, routes6, ids = result.stdout.split(SEPARATOR + '\n')
    return {'links': netns1.from_json(links), 'addresses': netns1.from_json(addresses),
            'routes': netns1.from_json(routes4) + netns1.from_json(routes6), 'ids': ids}


def _list_names(shown):
    """The host, and one name for each namespace in /run/netns: of several the one that the bus shows, if any."""
    by_inode = {}
    for name in netns1.namespaces():
        with contextlib.suppress(FileNotFoundError):
            by_inode.setdefault(os.stat(f'/run/netns/{name}').st_ino, []).append(name)
    return ['', *sorted(next((name for name in names if name in shown), names[0]) for names in by_inode.values())]


def _describe_link(info):
    data = info.get('linkinfo', {}).get('info_data', {})
    kind = info.get('linkinfo', {}).get('info_kind') or ('loopback' if 'LOOPBACK' in info['flags'] else '')
    described = {
        'name': info['ifname'], 'kind': kind, 'mtu': info['mtu'], 'mac': info.get('address', ''),
        'enabled': 'UP' in info['flags'], 'carrier': 'LOWER_UP' in info['flags'],
        'oper-state': info['operstate'].lower(), 'master': info.get('master'),
        'description': info.get('ifalias', ''), 'alternative-names': sorted(info.get('altnames', [])),
    }
    if kind == 'bridge':
        described['bridge'] = {'Stp': bool(data['stp_state']), 'VlanFiltering': bool(data['vlan_filtering']),
                               'ForwardDelay': data['forward_delay'],
                               'MulticastSnooping': bool(data['mcast_snooping'])}
    if info.get('linkinfo', {}).get('info_slave_kind') == 'bridge':
        port = info['linkinfo']['info_slave_data']
        described['port'] = {'State': port['state'], 'Cost': port['cost'], 'Hairpin': port['hairpin'],
                             'Isolated': port['isolated'], 'Learning': port['learning']}
    return described


def _print_address(address, peer='', broadcast='', label='', scope='', metric=0, prefix_route=True, valid_ends=False,
                   preferred_ends=False):
    """One line of all that belongs to it, in the same words for both sides."""
    parts = [address, peer and f'peer {peer}', broadcast and f'brd {broadcast}', label and f'label {label}',
             f'scope {scope}', metric and f'metric {metric}', not prefix_route and 'noprefixroute',
             valid_ends and 'valid for a while', preferred_ends and 'preferred for a while']
    return ' '.join(filter(None, parts))


def _describe_address(item):
    return _print_address(
        f'{item["local"]}/{item["prefixlen"]}', item.get('address', ''), item.get('broadcast', ''),
        item.get('label', ''), item['scope'], item.get('metric', 0),
        not item.get('noprefixroute', False), item['valid_life_time'] != FOR_EVER, item['preferred_life_time'] != FOR_EVER)


def _is_early(address):
    """The kernel lists a link-local address from its beginning, and tells of it when it is no longer tentative."""
    return address['local'].startswith('fe80:') and address.get('tentative', False)


def _describe_route(route):
    destination = route['dst']
    if destination != 'default' and '/' not in destination:
        destination += '/128' if ':' in destination else '/32'
    gateway = route.get('gateway', route.get('via', {}).get('host', ''))
    return [destination, gateway, route.get('dev', ''), route.get('metric', 0)]


def _print_way(way, gateway, link):
    """Where a route leads, or one of several ways, as ip or the bus has it."""
    onlink = 'onlink' in way.get('flags', []) or way.get('onlink', False)
    return ' '.join(filter(None, [gateway and f'via {gateway}', link and f'dev {link}', onlink and 'onlink',
                                  'weight' in way and f'weight {way["weight"]}']))


def _print_route(kind, destination, ways, nexthop_id, source, metric):
    """One line of all that belongs to it, in the same words for both sides."""
    return ' '.join(filter(None, [kind, destination, *(sorted(ways)), nexthop_id and f'nhid {nexthop_id}',
                                  source and f'src {source}', metric and f'metric {metric}']))


def _detail_route(route):
    """From ip."""
    ways = [_print_way(way, way.get('gateway', way.get('via', {}).get('host', '')), way.get('dev', ''))
            for way in route.get('nexthops', [route])]
    return _print_route(route.get('type', 'unicast'), _describe_route(route)[0], ways, route.get('nhid'),
                        route.get('prefsrc'), route.get('metric'))


def _read_route(data):
    """From the bus."""
    destination = 'default' if data['destination'] == '::/0' else data['destination']
    ways = [_print_way(way, way.get('gateway', ''), way.get('link', '')) for way in data.get('nexthops', [data])]
    return _print_route(data['type'], destination, ways, data.get('nexthop-id'), data.get('source'), data['metric'])


def _find_peer(dumps, name, info):
    """Where the other end of a veth is: the end that names this one, in the namespace that the kernel's id means."""
    index = info.get('link_index')
    if index is None:  # in the same namespace, and ip says its name
        return next(((name, other['ifindex']) for other in dumps[name]['links'] if other['ifname'] == info.get('link')),
                    None)
    known = dict(re.findall(r'nsid (\d+) .*\(iproute2 netns name: (.*)\)', dumps[name]['ids']))
    there = known.get(str(info.get('link_netnsid')), '')
    if there == name:  # the host's id of a namespace without a name
        return None
    if there not in dumps:  # by another one of its names
        inode = os.stat(f'/run/netns/{there}').st_ino
        there = next(other for other in dumps if other and os.stat(f'/run/netns/{other}').st_ino == inode)
    for other in dumps[there]['links']:
        if other['ifindex'] == index and other.get('linkinfo', {}).get('info_kind') == 'veth':
            back = other.get('link_index')
            if back == info['ifindex']:
                return there, index
    return None


def kernel(names):
    """What the kernel has in these namespaces."""
    with concurrent.futures.ThreadPoolExecutor(4) as executor:
        dumps = dict(zip(names, executor.map(_dump, names)))
    result = {}
    for name, dump in dumps.items():
        if dump is None:
            return None
        addresses = {item['ifindex']: item['addr_info'] for item in dump['addresses'] if 'ifindex' in item}
        indexes = {item['ifname']: item['ifindex'] for item in dump['links']}
        links = {}
        for info in dump['links']:
            link = links[info['ifindex']] = _describe_link(info)
            link['master'] = indexes.get(link['master'])
            link['addresses'] = sorted(_describe_address(item) for item in
                                       addresses.get(info['ifindex'], []) if not _is_early(item))
            if link['kind'] == 'veth':
                link['peer'] = _find_peer(dumps, name, info)
        routes = [route for route in dump['routes'] if 'dst' in route]
        result[name] = {'links': links,
                        'routes': sorted(_describe_route({**route, **way}) for route in routes
                                         for way in route.get('nexthops', [{}])),
                        'route-data': sorted(map(_detail_route, routes))}
    return result


# ---- the bus

def _place(objects, path):
    """(namespace, ifindex) of a link's path."""
    if path == '/':
        return None
    link = objects[path]['org.example.NetNS1.Link']
    namespace = objects[link['Namespace']]['org.example.NetNS1.Namespace']
    return (namespace['Name'], link['Index']) if namespace['Source'] in WITH_NAME else None


def _read_address(data):
    return _print_address(
        data['address'], data.get('peer', ''), data.get('broadcast', ''), data.get('label', ''), data['scope'],
        data.get('metric', 0), not data['flags'] & NO_PREFIX_ROUTE, 'valid-until' in data, 'preferred-until' in data)


def _read_link(objects, interfaces):
    link = interfaces['org.example.NetNS1.Link']
    assert link['Addresses'] == [(data['address'], data['flags']) for data in link['AddressData']], link
    master = _place(objects, link['Master'])
    result = {
        'name': link['Name'], 'kind': link['Kind'], 'mtu': link['Mtu'], 'mac': link['MacAddress'],
        'enabled': link['Enabled'], 'carrier': link['Carrier'], 'oper-state': link['OperState'],
        'master': master[1] if master else None, 'description': link['Description'],
        'alternative-names': sorted(link['AlternativeNames']),
        'addresses': sorted(_read_address(data) for data in link['AddressData']
                            if not (data['address'].startswith('fe80:') and data['flags'] & TENTATIVE)),
    }
    if 'org.example.NetNS1.Veth' in interfaces:
        veth = interfaces['org.example.NetNS1.Veth']
        result['peer'] = _place(objects, veth['Peer'])
        expected = objects[veth['Peer']]['org.example.NetNS1.Link']['Namespace'] if veth['Peer'] != '/' else '/'
        assert veth['PeerNamespace'] == expected, veth
    if 'org.example.NetNS1.Bridge' in interfaces:
        result['bridge'] = dict(interfaces['org.example.NetNS1.Bridge'])
        del result['bridge']['Ports']
        del result['bridge']['AllowLoop']  # of which the kernel does not know
        del result['bridge']['AgeingTime']  # which the spanning tree protocol shortens without a word
    if 'org.example.NetNS1.BridgePort' in interfaces:
        result['port'] = dict(interfaces['org.example.NetNS1.BridgePort'])
    return result


def _check_lists(objects, path, interfaces):
    """What an object says of others must be what these say of it."""
    namespace = interfaces.get('org.example.NetNS1.Namespace')
    bridge = interfaces.get('org.example.NetNS1.Bridge')
    links = {other: content['org.example.NetNS1.Link'] for other, content in objects.items()
             if 'org.example.NetNS1.Link' in content}
    if namespace is not None:
        inside = [other for other in links if other.startswith(path + '/link/')]
        assert sorted(namespace['Links']) == sorted(inside), (path, namespace['Links'], inside)
    if bridge is not None:
        ports = [other for other, link in links.items() if link['Master'] == path]
        assert sorted(bridge['Ports']) == sorted(ports), (path, bridge['Ports'], ports)


def lasting(objects):
    """What GetManagedObjects said, without what processes that come and go hold."""
    unnamed = [path for path, interfaces in objects.items()
               if interfaces.get('org.example.NetNS1.Namespace', {}).get('Source') in WITHOUT_NAME]
    kept = {path: dict(interfaces) for path, interfaces in objects.items()
            if not any(path == other or path.startswith(other + '/') for other in unnamed)}
    for interfaces in kept.values():
        if 'org.example.NetNS1.Namespace' in interfaces:
            interfaces['org.example.NetNS1.Namespace'] = {
                name: value for name, value in interfaces['org.example.NetNS1.Namespace'].items() if name != 'OwnerLabel'}
    return kept


def bus(objects):
    """What GetManagedObjects said, without broken entries and namespaces without a name."""
    result = {}
    for path, interfaces in objects.items():
        _check_lists(objects, path, interfaces)
        namespace = interfaces.get('org.example.NetNS1.Namespace')
        if namespace is None or namespace['Source'] not in WITH_NAME:
            continue
        result[namespace['Name']] = {
            'links': {objects[link]['org.example.NetNS1.Link']['Index']: _read_link(objects, objects[link])
                      for link in namespace['Links']},
            'routes': sorted(list(route) for route in namespace['Routes']),
            'route-data': sorted(_read_route(route) for route in namespace['RouteData'] if route['table'] == MAIN)}
    return result


# ---- both

def calm(view):
    """Without what the kernel does by itself meanwhile: link-local IPv6, and the state that a carrier gives."""
    result = {}
    for name, namespace in view.items():
        links = {}
        for index, link in namespace['links'].items():
            kept = {key: value for key, value in link.items() if key not in ('carrier', 'oper-state')}
            if 'port' in kept:
                kept['port'] = {key: value for key, value in kept['port'].items() if key != 'State'}
            kept['addresses'] = [address for address in link['addresses'] if not address.startswith('fe80:')]
            links[index] = kept
        routes = [route for route in namespace['routes'] if not route[0].startswith('fe80:')]
        data = [route for route in namespace['route-data'] if ' fe80:' not in route or ' via fe80:' in route]
        result[name] = {'links': links, 'routes': routes, 'route-data': data}
    return result


def difference(expected, found):
    """Text, empty if there is none."""
    if expected == found:
        return ''
    texts = [pprint.pformat(value, width=110).splitlines() for value in (expected, found)]
    return '\n'.join(difflib.unified_diff(*texts, 'kernel', 'bus', lineterm='', n=8))


def compare(caller, view=lambda value: value):
    """Two differences: between the kernel now and a moment later, and between kernel and bus."""
    names = _list_names(bus(caller.managed_objects()))
    before = kernel(names)
    found = bus(caller.managed_objects())
    after = kernel(names)
    if before is None or after is None:
        return 'a namespace comes or goes', None
    return difference(before, after), difference(view(before), view(found))


def check(test, caller, timeout=0, view=lambda value: value):
    """Fails unless the bus shows the kernel within some seconds. The kernel must come to rest within 20 more."""
    begin = time.monotonic()
    while True:
        unrest, text = compare(caller, view)
        if not unrest and not text:
            return
        elapsed = time.monotonic() - begin
        if not unrest and elapsed > timeout:
            test.fail(f'the bus shows something else than the kernel has:\n{text}')
        if elapsed > timeout + 20:
            test.fail(f'the kernel does not come to rest:\n{unrest}')
