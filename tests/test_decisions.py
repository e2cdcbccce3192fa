"""Is each decision called by a number of its own, and does whoever cites one lead to it?"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "decisions"
DECISIONS = {path.name: int(path.name[:4]) for path in sorted(FOLDER.glob("*.md"))}
CITED = re.compile(
    r"decisions?\s+(\d+)[^\n]{0,40}?[(\"'](?:docs/)?(?:decisions/)?(\d{4}-[a-z0-9-]+\.md)", re.IGNORECASE
)


def test_no_two_decisions_have_one_number() -> None:
    numbers = Counter(DECISIONS.values())
    assert len(numbers) == len(DECISIONS) > 0, [name for name, n in DECISIONS.items() if numbers[n] > 1]


def test_the_heading_of_a_decision_says_its_number() -> None:
    wrong = [name for name, n in DECISIONS.items() if not (FOLDER / name).read_text("utf-8").startswith(f"# {n}. ")]
    assert wrong == []


def test_whoever_cites_a_decision_by_its_number_and_file_means_one() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("reconciler/rules/*.py")]
    cited = [(page.name, *found) for page in pages for found in CITED.findall(page.read_text("utf-8"))]
    assert len(cited) > 5
    assert [each for each in cited if DECISIONS.get(each[2]) != int(each[1])] == []
