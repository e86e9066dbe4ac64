# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the generators of manual pages share: text for man(7), and how an option of introspection/*.xml is described."""
import os
import re
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, 'introspection'))

import generate_options  # noqa: E402


def escape(text):
    return text.replace('\\', '\\e').replace('-', '\\-')


def bold(text):
    return f'\\fB{escape(text)}\\fP'


def italic(text):
    return f'\\fI{escape(text)}\\fP' if text else ''


def line(text):
    """One that is no request, whatever it begins with."""
    return ('\\&' if text[:1] in ('.', "'") else '') + text + '\n'


def prose(text):
    """A paragraph; what stands between backquotes is bold."""
    parts = re.split('`([^`]*)`', ' '.join(text.split()))
    return line(''.join(bold(part) if number % 2 else escape(part) for number, part in enumerate(parts)))


def facts(option):
    """What values are good, and what it is when it is not given, in roff."""
    said = [f'one of {", ".join(map(bold, option.words))}'] if option.words else []
    if option.minimum is not None:
        said.append(escape(f'{option.minimum} to {option.maximum}{" " + option.unit if option.unit else ""}'))
    said += ['needed'] if option.needed else []
    said += [f'default {bold(option.default)}'] if option.default else []
    return said


def describe(option):
    """What it means and what can be given, in roff."""
    kinds = f'Of kind {", ".join(map(bold, option.kinds))}: ' if option.kinds else ''
    return line(kinds + escape(option.help) + (f' ({"; ".join(facts(option))})' if facts(option) else '') + '.')
