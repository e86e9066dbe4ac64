#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# data/*.service.in: systemd takes it, and no directive gives the service a mount namespace of its own (then nobody
# else would see what it mounts in /run/netns).
import os
import re
import shutil
import subprocess
import tempfile

import checking

# systemd.exec(5), and exec_needs_mount_namespace() in systemd's source.
OWN_MOUNT_NAMESPACE = re.compile(
    r'(Protect(System|Home|Hostname|KernelTunables|KernelModules|KernelLogs|ControlGroups|Proc)|ProcSubset|PrivateTmp'
    r'|PrivateDevices|PrivateMounts|PrivateIPC|PrivateUsers|PrivateNetwork|MountAPIVFS|MountFlags|RootDirectory'
    r'|RootImage|RootHash|DynamicUser|ReadWritePaths|ReadOnlyPaths|InaccessiblePaths|ExecPaths|NoExecPaths'
    r'|TemporaryFileSystem|BindPaths|BindReadOnlyPaths|MountImages|ExtensionImages|ExtensionDirectories'
    r'|NetworkNamespacePath|IPCNamespacePath|LogNamespace)=')


def check_text(path, text):
    for line, match in checking.numbered_matches(r'(?m)^(\w+=)', text):
        if OWN_MOUNT_NAMESPACE.match(match.group(1)):
            yield f'{path}:{line}: {match.group(1)} gives the service namespaces of its own'
    yield from verify(text)


def verify(text):
    """What systemd says about a unit; nothing where there is no systemd."""
    if not shutil.which('systemd-analyze'):
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'netnsd.service')
        with open(path, 'w') as file:
            file.write(re.sub(r'@\w+@/\w+', '/bin/true', re.sub(r'(?m)^Documentation=.*$', '', text)))
        result = subprocess.run(['systemd-analyze', 'verify', '--man=no', '--recursive-errors=no', path],
                                capture_output=True, text=True)
    return [line for line in result.stderr.splitlines() if 'netnsd.service' in line]


def check():
    complaints = []
    for path in checking.project_files('data', endings=('.service.in',)):
        text = checking.read(path)
        if '[Service]' in text:
            complaints += check_text(path, text)
    return complaints


GOOD = '[Service]\nType=dbus\nBusName=org.example.X\nExecStart=@pkglibexecdir@/x\n'

if __name__ == '__main__':
    checking.main(check, [
        lambda: list(check_text('x', GOOD + 'ProtectSystem=strict\n')),
        lambda: list(check_text('x', GOOD + 'PrivateTmp=yes\n')),
        *([lambda: list(check_text('x', GOOD + 'RestrictNamespaces=nonsense\n'))]
          if shutil.which('systemd-analyze') else []),
    ], lambda: list(check_text('x', GOOD + 'NoNewPrivileges=yes\n')))
