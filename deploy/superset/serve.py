"""Start Superset on this machine with our dashboard: its own database, an account, the bundle imported, loopback only.

Run by `make superset`, in Superset's environment. MISSIONS_PUBLISHED names the publication folder, MISSIONS_SUPERSET
the folder for Superset's own files, MISSIONS_SUPERSET_PORT the port.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
BUNDLE = Path(__file__).with_name("bundle")
HOME = Path(os.environ.get("MISSIONS_SUPERSET") or PROJECT / "build" / "superset").resolve()
PUBLISHED = Path(os.environ.get("MISSIONS_PUBLISHED") or PROJECT / "published").resolve()
PORT = int(os.environ.get("MISSIONS_SUPERSET_PORT") or 8088)
USER = "admin"


def secret(name: str) -> str:
    """A random secret, made once and kept in a file that only this user can read."""
    path = HOME / name
    if not path.exists():
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text()


def archive() -> dict[str, str]:
    """The bundle's files by name, with the address of this machine's publication."""
    files = {str(path.relative_to(BUNDLE)): path.read_text("utf-8") for path in sorted(BUNDLE.rglob("*.yaml"))}
    name = "databases/missions_index.yaml"
    files[name] = files[name].replace("/opt/missions-index/published", str(PUBLISHED))
    # As a dashboard, the import would keep charts and data sets of an earlier one.
    files["metadata.yaml"] = files["metadata.yaml"].replace("Dashboard", "assets")
    return files


def prepare(app: Any) -> None:
    """Create or update Superset's own tables, roles and account, and import the dashboard over an earlier one."""
    from flask_migrate import upgrade
    from superset import appbuilder, security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    upgrade(directory=str(Path(sys.modules["superset"].__file__).parent / "migrations"))
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    password = secret("password")
    user = security_manager.find_user(USER)
    if not user:
        role = security_manager.find_role("Admin")
        user = security_manager.add_user(USER, "Missions", "Index", "admin@localhost", role, password=password)
    with override_user(user):
        ImportAssetsCommand(archive()).run()


def main() -> None:
    """Prepare, then serve until stopped. Raises SystemExit if there is nothing to show."""
    if not (PUBLISHED / "missions_index.duckdb").is_file():
        raise SystemExit(f"Nothing is published in {PUBLISHED}; run `make index`.")
    HOME.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "SUPERSET_HOME": str(HOME),
        "SUPERSET_CONFIG_PATH": str(Path(__file__).with_name("superset_config.py")),
        "SUPERSET_SECRET_KEY": secret("secret_key"),
        "FLASK_APP": "superset",
    }
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        prepare(app)
    print(f"Superset: http://127.0.0.1:{PORT}/superset/dashboard/missions-index/", flush=True)
    print(f"User name {USER}, password in {HOME / 'password'}. Press Ctrl+C to stop.", flush=True)
    app.run(host="127.0.0.1", port=PORT, threaded=True, use_reloader=False)


if __name__ == "__main__":
    main()
