"""The `missions` command: a module per command, of the same name.

Belongs here: options, help and printing. Everything else is imported only when a command runs, so that `missions rank`
starts fast.
"""

from importlib import import_module

from missions.cli.app import COMMANDS, app

for _names in COMMANDS.values():
    for _name in _names:
        import_module(f"{__name__}.{_name.replace('-', '_')}")

__all__ = ["app"]
