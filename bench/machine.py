"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

_LIBRARIES = ("duckdb", "pyarrow", "numpy", "sqlalchemy", "adbc-driver-sqlite", "psycopg")


def facts(folder: Path) -> dict[str, Any]:
    """Processor, memory, disk (of `folder`), Python and the libraries that matter."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "durable_appends_per_second": round(_durable_appends(folder)),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in _LIBRARIES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _durable_appends(folder: Path, seconds: float = 0.3) -> float:
    """How often in a second 4 KiB can be appended to a file and be on the disk."""
    block = bytes(4096)
    with tempfile.TemporaryFile(dir=folder) as file:
        began, times = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            file.write(block)
            file.flush()
            os.fsync(file.fileno())
            times += 1
        return times / (time.perf_counter() - began)
