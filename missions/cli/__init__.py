"""The `missions` command: words in, tables or plain data out.

Belongs here: what people type, and printing; a module for each command, of its name. What a command does beyond that is
imported only when it is called, so that `missions rank` starts fast.
"""

from importlib import import_module

from missions.cli.app import COMMANDS, app

for _names in COMMANDS.values():
    for _name in _names:
        import_module(f"{__name__}.{_name.replace('-', '_')}")

__all__ = ["app"]
