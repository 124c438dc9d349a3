"""Programs that tests start and read."""

import subprocess
import threading


def until_it_says(program: "subprocess.Popen[str]", text: str) -> None:
    """Read the output of a program up to the line with `text`, then let the rest go by.

    Raises AssertionError with its last lines if it ends before.
    """
    assert program.stdout
    said = []
    for line in program.stdout:
        said.append(line)
        if text in line:
            break
    else:
        raise AssertionError("".join(said[-50:]))
    threading.Thread(target=program.stdout.read, daemon=True).start()  # or its log would fill the pipe
