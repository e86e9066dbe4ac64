#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# A folder of src/ is a layer and includes go down only; what is the kernel's stays in src/kernel.
import os
import re

import checking

# The helper is one program with root's rights, in which nothing else happens.
SYSTEM_CALLS = ('kernel', 'run')
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
}
GENERATED = {'config.h': set(BELOW), 'introspection.h': {'bus', 'daemon', 'client'}}
KERNEL_HEADER = re.compile(r'(netlink|nftables|libmnl|linux/netlink)\b|sched\.h$|sys/mount\.h$')
KERNEL_CALL = r'\b(setns|unshare|mount|umount2?|pivot_root|clone3?)\s*\('
# D-Bus belongs to the bus, and to the client; libnl's own functions belong to the kernel folder.
FOREIGN_WORDS = {
    r'\b(g_dbus_\w+|GDBus\w+)': {'bus', 'daemon', 'client'},
    r'\b(nl_\w+|rtnl_\w+|nlmsg_\w+|nft_ctx_\w+)\s*\(': {'kernel'},
    r'\bpolkit_\w+': {'bus', 'client'},
}
# firewalld is one more thing outside that is told what to do, as nftables is.
TELLS_OTHERS = os.path.join('kernel', 'firewalld.c')


def check_file(path, text):
    """path is below src/: kernel/link.c"""
    folder = path.split(os.sep)[0]
    if folder not in BELOW:
        yield f'src/{path}: a folder that is no layer'
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
    code = checking.code_only(text)
    if folder not in SYSTEM_CALLS:
        for line, match in checking.numbered_matches(KERNEL_CALL, code):
            yield f'src/{path}:{line}: {match.group(1)}() belongs to src/kernel'
    for words, folders in FOREIGN_WORDS.items():
        if folder not in folders and path != TELLS_OTHERS:
            for line, match in checking.numbered_matches(words, code):
                yield f'src/{path}:{line}: {match.group(1 if match.re.groups else 0)} does not belong to src/{folder}'


def check():
    complaints = []
    for path in checking.project_files('src', endings=('.c', '.h')):
        complaints += check_file(os.path.relpath(path, 'src'), checking.read(path))
    return complaints


def example(path, text):
    return lambda: list(check_file(path, text))


if __name__ == '__main__':
    checking.main(check, [
        example('core/plan.c', '#include "bus/dispatch.h"\n'),
        example('kernel/link.c', '#include "mirror/link.h"\n'),
        example('common/names.c', '#include "kernel/link.h"\n'),
        example('client/main.c', '#include "core/plan.h"\n'),
        example('core/plan.c', '#include "plan.h"\n'),
        example('core/plan.c', '#include "introspection.h"\n'),
        example('mirror/link.c', '#include <netlink/msg.h>\n'),
        example('core/plan.c', '#include <sched.h>\n'),
        example('core/plan.c', '  setns (fd, CLONE_NEWNET);\n'),
        example('core/plan.c', '  umount2 (path, 0);\n'),
        example('core/plan.c', 'GDBusConnection *bus;\n'),
        example('mirror/link.c', 'nl_send_auto (socket, message);\n'),
        example('kernel/link.c', 'polkit_authority_get_sync (NULL, NULL);\n'),
        example('extra/link.c', ''),
    ], example('bus/link.c', '#include "config.h"\n#include "core/plan.h"\n#include <gio/gio.h>\n'
               '/* mount (x) */ amount (1); g_dbus_message_new ("setns (fd)");\n'))
