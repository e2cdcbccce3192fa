"""How long do a plan and an apply of many objects take, beside octoDNS and Terraform, and do they grow with the square?

Contact lists in one manifest file, on an embedded tenant in a process of its own. Planned are all of them as new, none
of them changed, and one of a hundred; applied are all of them. The peers plan as many objects of their own, one of a
hundred changed: octoDNS the records of a zone, from YAML to YAML; Terraform resources of its built-in kind
`terraform_data`, after they were applied. Their objects cost them no request, ours do.

    python benchmarks/objects.py [COUNT ...] [--octodns PYTHON] [--terraform] [--latency MS] [--rate N] [--apply COUNT]

1,000, 3,000 and 10,000 objects when left out. octoDNS runs in an environment of its own:
`python -m venv peer; peer/bin/pip install octodns`. Terraform is the one on the path.

A plan should grow with its objects (ten times as many: at most eleven times as long, start-up included), an apply take
at most 1.1 × as long as its requests at the limit, and at most two requests an object.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType

sys.path.insert(0, str(Path(__file__).parents[1]))

from reconciler.simulator import Options, Simulator

HEAD = "apiVersion: cxone.reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{spec}\n"
TENANT = """  credentials: {{clientId: {{env: CXONE_CLIENT_ID}}, clientSecret: {{env: CXONE_CLIENT_SECRET}}}}
  surfaces:
    lists: {{baseUrl: "{base}", tokenUrl: "{token}", rate: {rate}, burst: {burst}}}
"""
ZONE = "bench.example."


@dataclass(frozen=True)
class Took:
    """What a process took: seconds of the clock and of a processor, and megabytes."""

    wall: float
    work: float
    peak: int

    def __str__(self) -> str:
        return f"{self.wall:7.2f} s  {self.work:7.2f} s of a processor  {self.peak:5d} MB"


def run(*command: str, cwd: Path | None = None, environ: Mapping[str, str] = MappingProxyType({})) -> Took:
    """Run a program to its end.

    Raises:
        SystemExit: it failed.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **environ}, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        taken = time.perf_counter() - start
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {said.read()[-600:].decode()}")
    return Took(taken, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)


def serve(latency: float, there: Connection) -> None:
    """Be a tenant; say where it is, and each time one asks, how many requests it had."""
    with Simulator(Options(latency_ms=latency)) as tenant:
        there.send((tenant.base_url("lists"), tenant.token_url("lists"), tenant.environment()))
        while there.recv():
            made = [each for each in tenant.requests() if not each.is_token_request]
            there.send((len(made), sum(each.method == "GET" and "name" not in each.query for each in made)))


@dataclass(frozen=True)
class Tenant:
    """Where the tenant is, its credentials, and how many requests it had, those that read all lists apart."""

    base: str
    token: str
    environ: dict[str, str]
    count: Callable[[], tuple[int, int]]


@contextmanager
def served(latency: float) -> Iterator[Tenant]:
    """A tenant in a process of its own."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(latency, there))
    process.start()
    base, token, environ = here.recv()

    def count() -> tuple[int, int]:
        here.send(True)
        found: tuple[int, int] = here.recv()
        return found

    try:
        yield Tenant(base, token, environ, count)
    finally:
        here.send(False)
        process.join()


def declare(folder: Path, count: int, changed: int) -> None:
    """So many lists, of which the first have another description."""
    lists = (
        HEAD.format(
            kind="ContactList",
            name=f"list-{number}",
            spec=f"  name: List {number}\n  description: {'changed' if number < changed else 'one'} {number}",
        )
        for number in range(count)
    )
    (folder / "lists.yaml").write_text("---\n".join(lists))


def time_ours(count: int, *, latency: float, rate: float, applies: bool) -> dict[str, Took]:
    """Plans, and an apply, of so many lists."""
    found: dict[str, Took] = {}
    with served(latency) as tenant, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec = TENANT.format(base=tenant.base, token=tenant.token, rate=rate, burst=max(1, int(rate / 10)))
        (folder / "tenant.yaml").write_text(HEAD.format(kind="Tenant", name="bench", spec=spec))
        (folder / "workspace.yaml").write_text(HEAD.format(kind="Workspace", name="bench", spec="  {}"))
        environ = {**tenant.environ, "RECONCILER_KEY": "k" * 43}

        def call(*arguments: str) -> Took:
            return run(sys.executable, "-m", "reconciler", *arguments, "-w", name, environ=environ)

        declare(folder, count, 0)
        saved = str(folder / "new.plan")
        found["plan, all new"] = call("plan", "--out", saved)
        if not applies:
            return found
        before = tenant.count()
        found["apply, all new"] = took = call("apply", saved)
        after = tenant.count()
        requests, whole = after[0] - before[0], after[1] - before[1]
        bound = requests / rate
        words = f"{requests:,} requests, {whole} of them for all lists; {rate:g} a second: {bound:.2f} s"
        print(f"{count:7,} made with {words}, {took.wall / bound:.2f} × that")
        found["plan, none changed"] = call("plan")
        declare(folder, count, count // 100)
        found["plan, 1 % changed"] = call("plan")
        found["plan, 1 % changed, again"] = call("plan")
    return found


def time_octodns(python: str, count: int) -> Took:
    """Its plan of so many records, 1 % of them changed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for side, changed in (("wanted", count // 100), ("held", 0)):
            (folder / side).mkdir()
            records = (
                f"r{number:06d}:\n  ttl: 300\n  type: A\n  value: 192.0.2.{1 + (number < changed)}\n"
                for number in range(count)
            )
            (folder / side / f"{ZONE}yaml").write_text("---\n" + "".join(records))
        providers = "\n".join(
            f"  {side}: {{class: octodns.provider.yaml.YamlProvider, directory: {folder / side}}}"
            for side in ("wanted", "held")
        )
        zones = f"zones:\n  {ZONE}: {{sources: [wanted], targets: [held]}}\n"
        (folder / "config.yaml").write_text(f"providers:\n{providers}\n{zones}")
        return run(python, "-m", "octodns.cmds.sync", "--config-file", str(folder / "config.yaml"))


def time_terraform(count: int) -> dict[str, Took]:
    """Its apply and plan of so many resources, 1 % of them changed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def write(changed: int) -> None:
            inputs = ("changed" if number < changed else "one" for number in range(count))
            resources = (f'resource "terraform_data" "r{at}" {{ input = "{each}" }}' for at, each in enumerate(inputs))
            (folder / "main.tf").write_text("\n".join(resources))

        write(0)
        run("terraform", "init", "-no-color", cwd=folder)
        applied = run("terraform", "apply", "-auto-approve", "-no-color", cwd=folder)
        write(count // 100)
        return {"apply": applied, "plan": run("terraform", "plan", "-no-color", cwd=folder)}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, default=[1_000, 3_000, 10_000], metavar="COUNT")
    parser.add_argument("--octodns", metavar="PYTHON", help="of an environment that has octoDNS")
    parser.add_argument("--terraform", action="store_true", help="beside Terraform, with 3,000 objects at most")
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds from a request to its answer")
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second that the tenant takes")
    parser.add_argument("--apply", type=int, default=3_000, metavar="COUNT", help="so many are applied at most")
    given = parser.parse_args()
    plans: dict[int, float] = {}
    for count in given.counts:
        ours = time_ours(count, latency=given.latency, rate=given.rate, applies=count <= given.apply)
        for words, took in ours.items():
            print(f"{count:7,} {took}  {words}")
        plans[count] = ours["plan, all new"].work
        if given.octodns:
            peer = time_octodns(given.octodns, count)
            ratio = ours["plan, all new"].wall / peer.wall
            print(f"{count:7,} {peer}  octoDNS, 1 % changed; ours takes {ratio:.2f} ×")
        if given.terraform and count <= 3_000:
            for words, took in time_terraform(count).items():
                mine = ours["plan, all new" if words == "plan" else "apply, all new"]
                print(f"{count:7,} {took}  Terraform, {words}; ours takes {mine.wall / took.wall:.3f} ×")
    least, most = min(plans), max(plans)
    if least < most:
        print(f"{most / least:g} × the objects: {plans[most] / plans[least]:.1f} × the plan's processor time")


if __name__ == "__main__":
    main()
