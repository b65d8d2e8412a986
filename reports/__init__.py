"""Reports: only read the columnar copy.

`run` answers one report over a copy's folder; `reports.render` writes the answer as a table, CSV,
JSON or Parquet; `as_frame` makes a pandas DataFrame of it. Nothing heavy is loaded before that.
"""

from __future__ import annotations

from reports.catalogue import Report, WrongUse, names, report, reports
from reports.runner import NoCopy, Result, run

__all__ = ["run", "names", "report", "reports", "Result", "Report", "WrongUse", "NoCopy"]
