# tested by: tests/cli/test_machines.py
"""`python -m reconciler`."""

from reconciler.cli import main

main()
