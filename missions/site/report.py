"""A council's page as a PDF of two A4 pages, printed by a Chromium that is installed already.

Belongs here: finding that browser and having it print. What the print shows is in static/site.css.
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
    """The browser that CHROME names, else the first that is installed. Raises ReportError where there is none."""
    named = os.environ.get("CHROME")
    if named:
        if found := shutil.which(named):
            return Path(found)
        raise ReportError(f"CHROME names {named!r}, which is no program; set it to the path of Chromium or Chrome")
    for name in BROWSERS:
        if found := shutil.which(name):
            return Path(found)
    raise ReportError(
        "a PDF is printed by Chromium, Chrome or Edge, and none was found. Install one, or set CHROME to its path; "
        "or open the page in any browser (`missions explore`) and print it from there"
    )


def print_page(page: Path, pdf: Path) -> None:
    """Print a page from disk into a file. Raises ReportError where the browser does not make one."""
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="missions-report-") as folder:
        made = Path(folder) / "report.pdf"
        # In a profile of its own: a browser that is open already would take the order and forget it.
        command = [str(browser), "--headless", "--disable-gpu", f"--user-data-dir={folder}/profile", "--no-first-run"]
        if sys.platform == "linux" and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium refuses to run as root with it
        command += ["--no-pdf-header-footer", f"--print-to-pdf={made}", page.resolve().as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise ReportError(f"{browser} did not print within {SECONDS} seconds; try again") from None
        except OSError as error:
            raise ReportError(f"{browser} could not be started: {error}") from None
        if not made.is_file():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ReportError(f"{browser} made no PDF: {last}")
        pdf.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, pdf)
