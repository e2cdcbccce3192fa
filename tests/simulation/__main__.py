"""Run seeds: `python -m tests.simulation FIRST:LAST`."""

import sys

from tests.simulation import standins

standins.install()

from tests.simulation.command import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
