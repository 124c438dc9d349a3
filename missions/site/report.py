"""Prints a council's page as a PDF of two A4 pages, with a Chromium-based browser on this machine.

Belongs here: finding the browser and running it. static/site.css sets what is printed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from missions.errors import ReportError

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
SECONDS = 60


def find_browser() -> Path:
    """The browser named by CHROME, or else the first one installed. Raises ReportError if there is none."""
    named = os.environ.get("CHROME")
    if named:
        if found := shutil.which(named):
            return Path(found)
        raise ReportError(f"CHROME is {named!r}, which is not an executable; set it to the path of Chromium or Chrome")
    for name in BROWSERS:
        if found := shutil.which(name):
            return Path(found)
    raise ReportError(
        "No browser found to print the PDF: install Chromium, Chrome or Edge, or set CHROME to its path. You can also "
        "open the page in any browser (`missions explore`) and print it from there"
    )


def print_page(page: Path, pdf: Path) -> None:
    """Print a page on disk to a PDF file. Raises ReportError if the browser does not produce one."""
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="missions-report-") as folder:
        made = Path(folder) / "report.pdf"
        # Its own profile, or a browser that is already open would take the request and drop it.
        command = [str(browser), "--headless", "--disable-gpu", f"--user-data-dir={folder}/profile", "--no-first-run"]
        if sys.platform == "linux" and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium refuses to run as root with its sandbox
        command += ["--no-pdf-header-footer", f"--print-to-pdf={made}", page.resolve().as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise ReportError(f"{browser} did not finish within {SECONDS} seconds; try again") from None
        except OSError as error:
            raise ReportError(f"{browser} could not be started: {error}") from None
        if not made.is_file():
            last = (done.stderr.strip().splitlines() or ["no error message"])[-1]
            raise ReportError(f"{browser} produced no PDF: {last}")
        pdf.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, pdf)
