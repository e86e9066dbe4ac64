# SPDX-License-Identifier: LGPL-2.1-or-later
# What the checks of this folder share: the files of the project, and a main program that first proves on bad
# examples that the check can fail.
import argparse
import os
import re
import sys

sys.dont_write_bytecode = True
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'lib'))


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding='utf-8') as file:
        return file.read()


def project_files(*folders, endings=()):
    """Paths relative to the source folder, without build folders and what git keeps."""
    found = []
    for folder in folders or ('',):
        for directory, names, files in os.walk(os.path.join(SOURCE, folder)):
            names[:] = sorted(name for name in names if not name.startswith(('.git', 'build', '__pycache__'))
                              and not os.path.exists(os.path.join(directory, name, 'meson-private')))
            found += [os.path.relpath(os.path.join(directory, name), SOURCE) for name in sorted(files)
                      if not endings or name.endswith(tuple(endings))]
    return found


def code_only(text):
    """C without comments and the insides of strings; line numbers stay."""
    def blank(match):
        kept = '""' if match.group().startswith('"') else ''
        return kept + '\n' * match.group().count('\n')
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.DOTALL)


def numbered_matches(pattern, text):
    """(line number, match) for each match."""
    return [(text.count('\n', 0, match.start()) + 1, match) for match in re.finditer(pattern, text)]


def main(check, bad_examples, good_example):
    """Runs a check.

    check() returns complaints about the project. Each of bad_examples is a function that returns complaints about
    something wrong, and must return some; good_example() must return none."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--stamp', help='file to make when nothing is wrong')
    options = parser.parse_args()
    for number, bad in enumerate(bad_examples):
        if not bad():
            sys.exit(f'{sys.argv[0]} is blind: it sees nothing wrong in its bad example {number}')
    complaints = good_example()
    if complaints:
        sys.exit(f'{sys.argv[0]} complains about its good example: {complaints}')
    complaints = check()
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if complaints:
        sys.exit(1)
    if options.stamp:
        with open(options.stamp, 'w'):
            pass
