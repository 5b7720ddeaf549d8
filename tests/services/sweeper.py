"""A process that sweeps once, for tests that run several or kill them: ``python sweeper.py URL MOMENT``."""

from __future__ import annotations

import sys
from pathlib import Path

from app.services import sweep
from tests.site import at, open_site

if __name__ == "__main__":
    sweep.run(open_site(sys.argv[1], Path("/nonexistent")).panel, at(sys.argv[2]))
