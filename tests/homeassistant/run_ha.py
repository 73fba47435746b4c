"""The real Home Assistant beside a virtual node: `.venv/bin/python tests/homeassistant/run_ha.py [pytest's options]`.

Makes build/homeassistant, a virtual environment with what requirements.txt names (a minute or two, once), and runs
check_*.py with it. Where there is no Python for this release it says so and ends well: nothing was checked then.
$HA_PYTHON names a Python; $HASS a Home Assistant that is installed already.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / "build" / "homeassistant"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# pyproject.toml of that release: requires-python >=3.11; its requirements have no wheels for 3.13.
PYTHONS = ((3, 11), (3, 12))
_INSTALL_S = 600


def find_python() -> str | None:
    """A Python that the release runs on: $HA_PYTHON, this one, those on the path, pyenv's; None when there is none."""
    names = ["python" + ".".join(map(str, version)) for version in PYTHONS]
    candidates = [os.environ.get("HA_PYTHON"), sys.executable, *names, "python3", "/usr/bin/python3"]
    candidates += [str(path) for path in sorted((Path.home() / ".pyenv" / "versions").glob("3.1[12].*/bin/python3"))]
    for candidate in candidates:
        found = shutil.which(candidate) if candidate else None
        if found and _fits(found):
            return found
    return None


def _fits(python: str) -> bool:
    code = "import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and tuple(map(int, done.stdout.split())) in PYTHONS


def install(python: str) -> Path:
    """The virtual environment's hass, installed when it is not there or not from these requirements. Raises SystemExit."""
    hass = VENV / "bin" / "hass"
    stamp, wanted = VENV / "stamp", f"{VENV} {REQUIREMENTS.read_text(encoding='utf-8')}"
    if hass.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return hass
    print(f"installing Home Assistant into {VENV.relative_to(ROOT)}", file=sys.stderr, flush=True)
    subprocess.run([python, "-m", "venv", "--clear", str(VENV)], check=True, timeout=60)
    # All of Home Assistant compiled would take longer than the checks, which use a small part of it.
    options = ["-qq", "--disable-pip-version-check", "--no-deps", "--no-compile"]
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", *options]
    try:
        subprocess.run([*pip, "-r", str(REQUIREMENTS)], check=True, timeout=_INSTALL_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise SystemExit(f"Home Assistant cannot be installed: {error}") from error
    stamp.write_text(wanted, encoding="utf-8")
    return hass


def main(options: list[str]) -> int:
    """Install what is missing and run the checks; pytest's exit status."""
    hass = os.environ.get("HASS")
    if not hass:
        python = find_python()
        if python is None:
            versions = " or ".join(".".join(map(str, version)) for version in PYTHONS)
            print(f"SKIPPED: Home Assistant: no Python {versions} with venv here; $HA_PYTHON names one")
            return 0
        hass = str(install(python))
    checks = sorted(map(str, Path(__file__).parent.glob("check_*.py")))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--timeout", "300", *checks, *options]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "HASS": hass}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
