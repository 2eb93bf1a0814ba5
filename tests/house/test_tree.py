"""What is true of every file."""

import re

from tests.support.repository import ROOT, text_of, tracked_files

# Someone's home or workplace; a path like this works on one machine only.
PRIVATE_PATH = re.compile(r"(?<![\w.:/-])/(?:work|root|home|Users)/[\w.]+")


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    found = {
        f"{file.relative_to(ROOT)}:{number}": line.strip()
        for file in tracked_files()
        for number, line in enumerate((text_of(file) or "").splitlines(), 1)
        if PRIVATE_PATH.search(line) and file.name != "test_tree.py"
    }

    assert not found
