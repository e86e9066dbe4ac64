#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# That groff(1) has nothing to say about the manual pages, and that the reference names all that is on the bus.
#
# Usage: manual.py PAGE...
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import checking

pages = {os.path.basename(path): path for path in sys.argv[1:]}
del sys.argv[1:]


def warnings_of(text):
    result = subprocess.run(['groff', '-man', '-ww', '-K', 'utf8', '-T', 'utf8', '-rLL=100n'], input=text,
                            capture_output=True, text=True, check=False)
    return result.stderr.splitlines()


def missing_members(interface, page):
    """Members, arguments and keys of options that the page says nothing of."""
    plain = page.replace('\\-', '-')
    names = [element.get('name').removeprefix('org.example.NetNS1.Option.').split('.')[0]
             for element in interface.iter() if element.tag in ('method', 'signal', 'property', 'arg')
             or (element.tag == 'annotation' and '.Option.' in element.get('name'))]
    return [f'{interface.get("name")}: no {name} in its manual page' for name in names if f'{name}\\fP' not in plain]


def check():
    complaints = []
    for path in pages.values():
        with open(path, encoding='utf-8') as file:
            complaints += [f'{path}: {warning}' for warning in warnings_of(file.read())]
    for path in checking.project_files('introspection', endings=('.xml',)):
        page = pages.get(os.path.basename(path).removesuffix('.xml') + '.5')
        if page is None and 'NetNS1' in path:
            complaints.append(f'{path}: there is no manual page of it')
        elif page is not None:
            with open(page, encoding='utf-8') as file:
                complaints += missing_members(ElementTree.fromstring(checking.read(path)).find('interface'), file.read())
    return complaints


INTERFACE = ElementTree.fromstring('<interface name="a"><method name="Go"><arg name="how"/></method></interface>')
GOOD = '.TH A 5 "" "" ""\n.SH NAME\na \\- b\n.SH METHODS\n\\fBGo\\fP (\\fIhow\\fP)\n'

if __name__ == '__main__':
    checking.main(check, [
        lambda: warnings_of(GOOD + '.XX\n'),
        lambda: missing_members(INTERFACE, GOOD.replace('how', 'why')),
    ], lambda: warnings_of(GOOD) + missing_members(INTERFACE, GOOD))
