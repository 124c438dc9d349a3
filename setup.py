"""What pyproject.toml cannot express: a wheel includes the dbt models of the method, copied from dbt_project/."""

import runpy
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PROJECT = Path("dbt_project")


def files_of_the_method() -> list[Path]:
    """The models, the macros and the variables that scoring/models.py reads."""
    names = runpy.run_path("missions/scoring/model_names.py")
    files = [PROJECT / "dbt_project.yml", *(PROJECT / "macros").rglob("*.sql")]
    for model in names["PACKED"]:
        files += (PROJECT / "models").rglob(f"{model}.sql")
    return files


class BuildWithModels(build_py):
    """Copies them to missions/scoring/_sql, where scoring/models.py looks first; a source archive includes them too."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        packed = Path(self.build_lib) / "missions" / "scoring" / "_sql"
        shutil.rmtree(packed, ignore_errors=True)  # left by an earlier build
        for file in files_of_the_method():
            target = packed / file.relative_to(PROJECT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)

    def get_source_files(self) -> list[str]:
        return [*super().get_source_files(), *map(str, files_of_the_method())]


setup(cmdclass={"build_py": BuildWithModels})
