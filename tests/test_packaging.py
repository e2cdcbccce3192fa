"""An installed wheel works outside the checkout: it brings its schemas and the starter manifests along."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reconciler.kinds import load_kinds

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout and unpacked into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_a_schema_for_every_kind(installed: Path) -> None:
    schemas = {file.name for file in (installed / "reconciler" / "schemas").glob("*.json")}
    assert schemas == {file.name for file in (ROOT / "schemas").glob("*.json")}
    assert len(schemas) == len(load_kinds()) + 1


def test_the_wheel_holds_the_schemas_of_what_programs_read(installed: Path) -> None:
    schemas = {file.name for file in (installed / "reconciler" / "schemas" / "output").iterdir()}
    assert schemas == {file.name for file in (ROOT / "schemas" / "output").iterdir()} >= {"plan.json", "reason.json"}


def test_the_wheel_validates_its_own_starter_manifests_from_another_folder(installed: Path, tmp_path: Path) -> None:
    program = "import reconciler, sys; from reconciler.cli import main; print(reconciler.__file__); main(sys.argv[1:])"
    starter = installed / "reconciler" / "starter"
    ended = subprocess.run(
        [sys.executable, "-c", program, "validate", "-w", str(starter)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert str(installed) in ended.stdout
    assert "16 manifests are valid" in ended.stdout


def test_the_wheel_makes_a_repository_that_it_validates(installed: Path, tmp_path: Path) -> None:
    program = "import sys; from reconciler.cli import run; sys.exit(run(['init', 'new', '--yes', '--ci', 'github']) or run(['validate', '-w', 'new/manifests']))"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "9 manifests are valid" in ended.stdout
    assert (tmp_path / "new" / ".github" / "actions" / "reconciler" / "action.yml").exists()
    assert (tmp_path / "new" / "pipelines" / "reconciler.sh").exists()


def test_the_wheel_holds_what_a_page_is_made_of(installed: Path) -> None:
    made, ours = (root / "reconciler" / "views" / "html_page" for root in (installed, ROOT))
    assert {file.name: file.read_bytes() for file in made.iterdir()} == {
        file.name: file.read_bytes() for file in ours.iterdir()
    }
    assert {"plan.css", "plan.html.j2", "plan.js"} <= {file.name for file in made.iterdir()}
