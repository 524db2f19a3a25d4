"""`pip install ./FOLDER` of a package of modules, without a network: what pip leaves."""

import shutil
import tomllib
from pathlib import Path


def install(source: Path, packages: Path) -> None:
    """Put the modules of a project, its metadata and its entry points into a folder of packages."""
    stated = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))
    project = stated["project"]
    packages.mkdir(exist_ok=True)
    for module in stated["tool"]["setuptools"]["py-modules"]:
        shutil.copy(source / f"{module}.py", packages)
    info = packages / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n",
        encoding="utf-8",
    )
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items()), ""]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
