"""What pyproject.toml cannot express: a wheel includes the dbt models of the method, copied from dbt_project/."""

import runpy
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PROJECT = Path("dbt_project")


class BuildWithModels(build_py):
    """Copies the models, macros and variables to missions/scoring/_sql, where scoring/models.py looks first."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        packed = Path(self.build_lib) / "missions" / "scoring" / "_sql"
        shutil.rmtree(packed, ignore_errors=True)  # left by an earlier build
        names = runpy.run_path("missions/scoring/model_names.py")
        files = [PROJECT / "dbt_project.yml", *(PROJECT / "macros").rglob("*.sql")]
        for model in (*names["CHAIN"], *names["FURTHER"]):
            files += (PROJECT / "models").rglob(f"{model}.sql")
        for file in files:
            target = packed / file.relative_to(PROJECT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


setup(cmdclass={"build_py": BuildWithModels})
