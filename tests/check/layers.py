#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# A folder of src/ is a layer and includes go down only, also among the folders below core/ and bus/; no file includes
# itself by way of others; what is the kernel's stays in src/kernel.
import os
import re

import checking

# The helpers are programs that begin with root's rights, in which nothing else happens.
SYSTEM_CALLS = ('kernel', 'run', 'nft', 'broker')
# What each folder may include, besides itself.
BELOW = {
    'common': set(),
    'kernel': {'common'},
    'mirror': {'common', 'kernel'},
    'core': {'common', 'kernel', 'mirror'},
    'bus': {'common', 'kernel', 'mirror', 'core'},
    'daemon': {'common', 'kernel', 'mirror', 'core', 'bus'},
    'client': {'common'},
    'run': {'common', 'kernel'},
    'nft': {'common'},
    'broker': {'common', 'kernel'},
}
# Folders below a folder, each with those that it may include, besides itself.
BELOW_INSIDE = {
    'core': {
        'plan': set(),
        'state': {'plan'},
        'job': {'plan', 'state'},
        'service': {'plan', 'state', 'job'},
        'ruleset': {'plan', 'state', 'job', 'service'},
        'link/kinds': set(),
        'link': {'plan', 'state', 'job', 'service', 'ruleset', 'link/kinds'},
        'namespace': {'plan', 'state', 'job', 'service', 'ruleset', 'link'},
        'foreign': {'plan', 'state', 'job', 'service', 'ruleset'},
        'network': {'plan', 'state', 'job', 'service', 'ruleset', 'link', 'namespace', 'foreign'},
        'forward': {'plan', 'state', 'job', 'service', 'ruleset', 'link', 'namespace', 'foreign', 'network'},
    },
    'bus': {
        'tree': set(),
        'call': {'tree'},
        'command': {'tree', 'call'},
        'interfaces': {'tree', 'call', 'command'},
        '': {'tree', 'call', 'command', 'interfaces'},
    },
}
GENERATED = {
    'config.h': set(BELOW),
    'introspection.h': {'bus', 'daemon', 'client'},
    'options-table.h': {'common', 'core', 'bus', 'client'},
    'link-kinds.h': {'core'},
}
KERNEL_HEADER = re.compile(r'(netlink|nftables|libmnl|linux/netlink)\b|sched\.h$|sys/mount\.h$')
KERNEL_CALL = r'\b(setns|unshare|mount|umount2?|pivot_root|clone3?)\s*\('
# D-Bus belongs to the bus, and to the client; libnl's own functions belong to the kernel folder.
FOREIGN_WORDS = {
    r'\b(g_dbus_\w+|GDBus\w+)': {'bus', 'daemon', 'client'},
    r'\b(nl_\w+|rtnl_\w+|nlmsg_\w+)\s*\(': {'kernel'},
    r'\bnft_ctx_\w+\s*\(': {'nft'},
    r'\bpolkit_\w+': {'bus', 'client'},
}
# firewalld is one more thing outside that is told what to do, as nftables is.
TELLS_OTHERS = os.path.join('core', 'foreign', 'firewalld.c')


def room_of(path):
    """core/link/bridge.c: link; bus/signals.c: the empty string; None where a folder has no rooms"""
    folder, *rest = path.split('/')
    return '/'.join(rest[:-1]) if folder in BELOW_INSIDE else None


def check_room(path, line, name):
    """An include of the same folder."""
    rooms, room, other = BELOW_INSIDE[path.split('/')[0]], room_of(path), room_of(name)
    if other not in rooms or other not in rooms[room] | {room}:
        yield f'src/{path}:{line}: {room} cannot include “{name}”, includes go down only'


def module_of(path):
    """What a .c file and its header are together."""
    return os.path.splitext(path)[0]


def find_circles(texts):
    """texts: {path: text}. Circles of modules that include each other, each told once."""
    graph = {}
    for path, text in texts.items():
        names = {module_of(name) for name in re.findall(r'(?m)^\s*#\s*include\s*"([^"]+/[^"]+)"', text)}
        graph.setdefault(module_of(path), set()).update(names - {module_of(path)})
    done, complaints = set(), []

    def visit(module, way):
        if module in way:
            circle = way[way.index(module):]
            complaints.append('a circle of includes: ' + ' -> '.join(circle + [module]))
        elif module not in done:
            for name in sorted(graph.get(module, ())):
                visit(name, way + [module])
            done.add(module)

    for module in sorted(graph):
        visit(module, [])
    return complaints


def check_file(path, text):
    """path is below src/: kernel/link.c"""
    folder = path.split(os.sep)[0]
    if folder not in BELOW:
        yield f'src/{path}: a folder that is no layer'
        return
    if folder in BELOW_INSIDE and room_of(path) not in BELOW_INSIDE[folder]:
        yield f'src/{path}: a folder that is not known below src/{folder}'
        return
    for line, match in checking.numbered_matches(r'(?m)^\s*#\s*include\s*([<"])([^>"]+)[>"]', text):
        quote, name = match.groups()
        if quote == '<':
            if KERNEL_HEADER.match(name) and folder not in SYSTEM_CALLS:
                yield f'src/{path}:{line}: <{name}> belongs to src/kernel'
        elif name in GENERATED:
            if folder not in GENERATED[name]:
                yield f'src/{path}:{line}: “{name}” does not belong to src/{folder}'
        elif '/' not in name:
            yield f'src/{path}:{line}: “{name}” does not say its folder'
        elif name.split('/')[0] not in BELOW[folder] | {folder}:
            yield f'src/{path}:{line}: {folder} cannot include “{name}”, includes go down only'
        elif name.split('/')[0] == folder and folder in BELOW_INSIDE:
            yield from check_room(path, line, name)
    code = checking.code_only(text)
    if folder not in SYSTEM_CALLS:
        for line, match in checking.numbered_matches(KERNEL_CALL, code):
            yield f'src/{path}:{line}: {match.group(1)}() belongs to src/kernel'
    for words, folders in FOREIGN_WORDS.items():
        if folder not in folders and path != TELLS_OTHERS:
            for line, match in checking.numbered_matches(words, code):
                yield f'src/{path}:{line}: {match.group(1 if match.re.groups else 0)} does not belong to src/{folder}'


def check():
    texts = {os.path.relpath(path, 'src'): checking.read(path)
             for path in checking.project_files('src', endings=('.c', '.h'))}
    complaints = find_circles(texts)
    for path, text in texts.items():
        complaints += check_file(path, text)
    return complaints


def example(path, text):
    return lambda: list(check_file(path, text))


if __name__ == '__main__':
    checking.main(check, [
        example('core/plan/plan.c', '#include "bus/call/dispatch.h"\n'),
        example('kernel/link.c', '#include "mirror/link.h"\n'),
        example('common/names.c', '#include "kernel/link.h"\n'),
        example('client/main.c', '#include "core/plan/plan.h"\n'),
        example('core/plan/plan.c', '#include "plan.h"\n'),
        example('core/plan/plan.c', '#include "introspection.h"\n'),
        example('mirror/link.c', '#include <netlink/msg.h>\n'),
        example('core/plan/plan.c', '#include <sched.h>\n'),
        example('core/plan/plan.c', '  setns (fd, CLONE_NEWNET);\n'),
        example('core/plan/plan.c', '  umount2 (path, 0);\n'),
        example('core/plan/plan.c', 'GDBusConnection *bus;\n'),
        example('mirror/link.c', 'nl_send_auto (socket, message);\n'),
        example('kernel/link.c', 'polkit_authority_get_sync (NULL, NULL);\n'),
        example('extra/link.c', ''),
        example('core/extra/link.c', ''),
        example('core/plan.c', ''),
        example('core/state/nat.c', '#include "core/service/core.h"\n'),
        example('core/link/link.c', '#include "core/network/pool.h"\n'),
        example('bus/tree/export.c', '#include "bus/call/dispatch.h"\n'),
        lambda: find_circles({'a/x.c': '#include "a/y.h"\n', 'a/y.c': '#include "a/z.h"\n', 'a/z.h': '#include "a/x.h"\n'}),
    ], example('bus/interfaces/link.c', '#include "config.h"\n#include "core/plan/plan.h"\n#include <gio/gio.h>\n'
               '/* mount (x) */ amount (1); g_dbus_message_new ("setns (fd)");\n'))
