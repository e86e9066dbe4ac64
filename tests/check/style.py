#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# House rules that a program can see: licence line, no goto, no bare free(), nothing left to do, and XML, shell and
# translations that their own tools accept. A long file is a warning: a second thing may be hiding in it.
import re
import subprocess
import sys
import tempfile

import checking

MAX_LINES = 600
LICENSE = 'SPDX-License-Identifier: LGPL-2.1-or-later'
# These say in line 1 what they are.
BEFORE_LICENSE = re.compile(r'#!|<\?xml|<!DOCTYPE|  "http')
LICENSED = ('.c', '.h', '.py', '.xml', '.policy', '.conf', '.in', '.build', '.sh', '.po', '.8')
FORBIDDEN = {
    r'\bgoto\b': 'a goto; use cleanup attributes',
    r'(?<![\w>.])free\s*\(': 'a bare free(); use g_autofree or g_free()',
    r'\bGLib\.sleep|(?<!\w)(sleep|usleep)\s*\([^)]*\)\s*;': 'a sleep; wait for what is to happen',
}
CONFLICT = re.compile(r'(?m)^(<{7}|>{7}) ')
LEFT_TO_DO = re.compile(r'\b(TO' r'DO|FIX' r'ME|XX' r'X)\b')


def check_text(path, text):
    lines = text.splitlines()
    if path.endswith(LICENSED):
        head = [line for line in lines[:6] if not BEFORE_LICENSE.match(line)]
        if not head or LICENSE not in head[0]:
            yield f'{path}: its first line is not “{LICENSE}”'
    for line, match in checking.numbered_matches(LEFT_TO_DO, text):
        yield f'{path}:{line}: {match.group()}'
    for line, _ in checking.numbered_matches(CONFLICT, text):
        yield f'{path}:{line}: two versions of one text'
    if path.endswith(('.c', '.h')):
        code = checking.code_only(text)
        for pattern, complaint in FORBIDDEN.items():
            for line, _ in checking.numbered_matches(pattern, code):
                yield f'{path}:{line}: {complaint}'


def warn_of_length(path, text):
    length = text.count('\n')
    if length > MAX_LINES and not path.endswith(('.po', '.xml')):
        print(f'warning: {path}: {length} lines; a second thing may be hiding in it', file=sys.stderr)


def complaints_of(*command, text=None):
    """What a tool says when it is not content."""
    result = subprocess.run(command, input=text, stdin=None if text is not None else subprocess.DEVNULL,
                            capture_output=True, text=True, cwd=checking.SOURCE)
    return [f'{" ".join(command)}: {result.stderr.strip()}'] if result.returncode != 0 else []


def check_xml(path):
    return complaints_of('xmllint', '--noout', '--nonet', path)


def check_shell(text):
    return complaints_of('bash', '-n', text=text)


def check_translation(po, template):
    """That all strings of the template are translated, and that format and variables fit."""
    complaints = complaints_of('msgfmt', '--check', '--output-file=/dev/null', '-', text=po)
    if complaints:
        return complaints
    with tempfile.NamedTemporaryFile('w', suffix='.po') as file, tempfile.NamedTemporaryFile('w', suffix='.pot') as pot:
        file.write(po)
        file.flush()
        pot.write(template)
        pot.flush()
        merged = subprocess.run(['msgmerge', '--quiet', '--output-file=-', file.name, pot.name], text=True,
                                capture_output=True, check=True).stdout
    for kind in ('--untranslated', '--only-fuzzy'):
        missing = subprocess.run(['msgattrib', kind, '--no-obsolete', '-'], input=merged, text=True,
                                 capture_output=True, check=True).stdout
        complaints += [f'not translated: {text}' for text in re.findall(r'(?m)^msgid ((?:"[^\n]*"\n?)+)', missing)
                       if text.strip() != '""']
    for original, translation in re.findall(r'msgid ((?:"[^\n]*"\n)+)msgstr ((?:"[^\n]*"\n)+)', po):
        variables = [sorted(re.findall(r'\$\(\w+\)', text.replace('"\n"', ''))) for text in (original, translation)]
        if variables[0] != variables[1]:
            complaints.append(f'other variables: {original}')
    return complaints


def template():
    return subprocess.run(['xgettext', '--from-code=UTF-8', '--keyword=_', '--keyword=N_', '--keyword=C_:1c,2',
                           '--keyword=ngettext:1,2', '--keyword=g_dngettext:2,3', '--files-from=po/POTFILES.in',
                           '--output=-'],
                          cwd=checking.SOURCE, check=True, capture_output=True, text=True).stdout


def check():
    complaints = []
    for path in checking.project_files():
        try:
            text = checking.read(path)
        except UnicodeDecodeError:
            complaints.append(f'{path}: not UTF-8')
            continue
        warn_of_length(path, text)
        complaints += check_text(path, text)
        if re.match(r'#!.*\b(ba)?sh\b', text):
            complaints += check_shell(text)
        if path.endswith(('.xml', '.policy', '.conf')):
            complaints += check_xml(path)
    strings = template()
    for path in checking.project_files('po', endings=('.po',)):
        complaints += [f'{path}: {complaint}' for complaint in check_translation(checking.read(path), strings)]
    return complaints


GOOD_C = f'/* {LICENSE} */\nint main (void)\n{{\n  my_free (x); /* goto free (x) */ thing->free (x);\n}}\n'
HEADER = ('msgid ""\nmsgstr "Language: de\\nContent-Type: text/plain; charset=UTF-8\\nProject-Id-Version: x\\n'
          'PO-Revision-Date: x\\nLast-Translator: x\\nLanguage-Team: x\\nMIME-Version: 1.0\\n'
          'Content-Transfer-Encoding: 8bit\\n"\n')
GOOD_PO = HEADER + '\nmsgid "Create “$(namespace)”"\nmsgstr "»$(namespace)« anlegen"\n'
POT = HEADER.replace('de', '') + '\nmsgid "Create “$(namespace)”"\nmsgstr ""\n'


def example(path, text):
    return lambda: list(check_text(path, text))


def check_bad_xml():
    with tempfile.NamedTemporaryFile('w', suffix='.xml') as file:
        file.write('<node><interface></node>')
        file.flush()
        return check_xml(file.name)


if __name__ == '__main__':
    checking.main(check, [
        example('a.c', 'int x;\n'),
        example('a.py', '#!/usr/bin/python3\nimport os\n'),
        example('a.c', GOOD_C + 'goto out;\n'),
        example('a.c', GOOD_C + '  free (x);\n'),
        example('a.c', GOOD_C + '  sleep (1);\n'),
        example('a.md', 'TO' 'DO: write\n'),
        example('a.md', 'one\n' + '<' * 7 + ' HEAD\ntwo\n'),
        check_bad_xml,
        lambda: check_shell('if true; then\n'),
        lambda: check_translation(GOOD_PO.replace('$(namespace)« anlegen', '« anlegen'), POT),
        lambda: check_translation(HEADER + '\n', POT),
        lambda: check_translation(GOOD_PO + '\nmsgid "x', POT),
    ], lambda: list(check_text('a.c', GOOD_C)) + check_translation(GOOD_PO, POT) + check_shell('true\n'))
