#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each function of src/kernel/*.h whose name says that it changes something takes a grant first, the proof that
# polkit was asked: code that forgot to ask does not compile.
import re

import checking

CHANGES = {'add', 'apply', 'assign', 'attach', 'change', 'create', 'delete', 'detach', 'disable', 'enable', 'flush',
           'kill', 'mount', 'move', 'remove', 'rename', 'replace', 'send', 'set', 'signal', 'unmount', 'write'}
# Not changes that anybody could ask the service for, each with its reason.
EXCEPTIONS = {
    'netns_event_socket_assign_nsid': 'the number by which the kernel reports events of a namespace',
    'netns_netlink_assign_nsid': 'the same, over another socket',
    'netns_file_write': 'to what the caller has opened, which may be memory',
}
PROTOTYPE = r'(?m)^(?!static|typedef|#)[A-Za-z_][\w \t]*[\s*]+(netns_\w+)\s*\(([^;{]*)\)[^;{)]*;'
GRANT_FIRST = re.compile(r'\s*const NetnsGrant \*')


def check_header(path, text):
    for line, match in checking.numbered_matches(PROTOTYPE, checking.code_only(text)):
        name, parameters = match.groups()
        if name in EXCEPTIONS or not CHANGES & set(name.split('_')):
            continue
        if not GRANT_FIRST.match(parameters):
            yield f'{path}:{line}: {name}() changes something and takes no grant first'


def check():
    complaints = []
    seen = ''
    for path in [*checking.project_files('src/kernel', endings=('.h',)), 'src/core/foreign/firewalld.h']:
        text = checking.read(path)
        seen += text
        complaints += check_header(path, text)
    complaints += [f'{name}: an exception for a function that is not there' for name in EXCEPTIONS if name not in seen]
    return complaints


def example(text):
    return lambda: list(check_header('example.h', text))


if __name__ == '__main__':
    checking.main(check, [
        example('gboolean netns_rtnl_link_delete (NetnsNetlink *netlink, guint index, GError **error);\n'),
        example('int\nnetns_nsfs_create (const char *name,\n                  GError **error);\n'),
        example('NetnsThing *netns_thing_add (const char *name, const NetnsGrant *grant);\n'),
        example('void netns_x_log (const char *f, ...) G_GNUC_PRINTF (1, 2);\n'
                'gboolean netns_x_change (int a,\n  GError **error, const char *f, ...) G_GNUC_PRINTF (5, 6);\n'),
    ], example('gboolean netns_rtnl_link_delete (const NetnsGrant *grant, NetnsNetlink *netlink);\n'
               'gboolean netns_rtnl_link_get (NetnsNetlink *netlink, guint index);\n'
               '/* netns_set (int x); */\n'))
