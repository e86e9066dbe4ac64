#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every C file looks as clang-format writes it with the project's .clang-format. To mend all of them:
# git ls-files '*.c' '*.h' | xargs clang-format-19 -i
import os
import shutil
import subprocess
import tempfile

import checking

# Versions differ in what they make of tables, so there is one for everybody.
PROGRAM = shutil.which('clang-format-19') or 'clang-format'


def complaints_about(paths):
    result = subprocess.run([PROGRAM, '--dry-run', '-Werror', f'--style=file:{checking.SOURCE}/.clang-format', *paths],
                            cwd=checking.SOURCE, capture_output=True, text=True)
    lines = [line for line in result.stderr.splitlines() if '[-Wclang-format-violations]' in line]
    return lines or ([result.stderr] if result.returncode != 0 else [])


def example(text):
    def check():
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'example.c')
            with open(path, 'w') as file:
                file.write(text)
            return complaints_about([path])
    return check


if __name__ == '__main__':
    checking.main(lambda: complaints_about(checking.project_files('src', 'tests', endings=('.c', '.h'))), [
        example('int main(void) { return 0; }\n'),
        example('int\nmain (void)\n{\n\treturn 0;\n}\n'),
        example('int\nmain (void)\n{\n  return a ||\n         b;\n}\n'),
    ], example('int\nmain (void)\n{\n  return a || b;\n}\n'))
