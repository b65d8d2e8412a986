"""A report as a pandas DataFrame that keeps every digit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.columns import Column, Kind, plain
from reports.runner import Result

if TYPE_CHECKING:
    import pandas as pd


def as_frame(result: Result) -> pd.DataFrame:
    """The answer as a DataFrame; `attrs["about"]` says what it is about.

    Amounts are whole milli-TPP and, like counts, int64 (Int64 where cells are empty); days are
    datetime64, percentages and text are strings.
    """
    import pandas as pd

    ask = ", ".join(f'{_asked(c)} AS "{c.name}"' for c in result.columns)
    found = result.connection.execute(f"SELECT {ask} FROM result").fetchnumpy()  # noqa: S608
    frame = pd.DataFrame({c.name: _series(c, found[c.name]) for c in result.columns})
    frame.attrs["about"] = result.about
    return frame


def _asked(column: Column) -> str:
    return plain(column) if column.kind in (Kind.PERCENT, Kind.TEXT) else f'"{column.name}"'


def _series(column: Column, cells: Any) -> pd.Series[Any]:
    import numpy as np
    import pandas as pd

    empty = np.ma.getmaskarray(cells)
    if column.kind in (Kind.AMOUNT, Kind.COUNT, Kind.NUMBER):
        whole = np.ma.getdata(cells).astype("int64")
        return pd.Series(pd.arrays.IntegerArray(whole, empty) if empty.any() else whole)
    if column.kind is Kind.DAY:
        days = np.ma.getdata(cells).astype("datetime64[s]")
        return pd.Series(np.where(empty, np.datetime64("NaT", "s"), days))
    texts = [None if gone else text for text, gone in zip(cells, empty, strict=True)]
    return pd.Series(texts, dtype="str")
