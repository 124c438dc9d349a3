"""Checksums, writing a file in one step, JSON notes and locks, for every file of the project.

Belongs here: whatever does not depend on what a file contains.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from missions.errors import BusyError


def sha256(content: Path | bytes) -> str:
    """The SHA-256 of a file, or of bytes, in hexadecimal."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_beside(path: Path, content: str | bytes) -> Path:
    """Write a hidden file beside `path` and return its path, so that several can be put in place together."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return beside


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file in one step: readers find either the old content or the new, and a failure keeps the old."""
    write_beside(path, content).replace(path)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON note, for people and programs, in one step."""
    replace_file(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON note of our own; empty if a kill or a full disk has damaged it."""
    try:
        item = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return item if isinstance(item, dict) else {}


@contextmanager
def lock(path: Path, busy: Callable[[str], str], patience: float = 0.0) -> Iterator[None]:
    """Hold a lock file. The operating system frees it when the process ends, however it ends.

    Raises BusyError if another process still holds it after `patience` seconds: `busy` turns what the holder wrote
    about itself into the message.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    holder = os.pread(handle, 100, 0).decode(errors="replace")
                    raise BusyError(busy(holder or "just started")) from None
                time.sleep(0.05)
        with suppress(OSError):  # a full disk: the text is only for people
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()}, since {time.strftime('%H:%M:%S')}".encode(), 0)
        yield
    finally:
        os.close(handle)
