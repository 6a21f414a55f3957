"""python_kit: what it says to the orchestrator is what the documentation lists."""

import re
import sys
import unittest

from support import COLLECTORS

# Importing what is tested must not leave files beside it.
sys.dont_write_bytecode = True
sys.path.insert(0, str(COLLECTORS / "lib"))

from python_kit import failure  # noqa: E402


class Vocabulary(unittest.TestCase):
    def test_categories_are_those_of_the_documentation(self):
        page = (COLLECTORS.parent / "docs" / "writing-collectors.md").read_text(encoding="utf-8")
        table = page[page.index("| Category | Exit code |") :]
        documented = re.findall(r"^\| `(\w+)` \| (\d+) \|", table, re.MULTILINE)
        self.assertEqual([(word, int(code)) for word, code in documented], list(failure.EXIT_CODES.items()))


if __name__ == "__main__":
    unittest.main()
