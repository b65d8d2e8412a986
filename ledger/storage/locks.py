"""Who is at work on scratch files: a lock that goes with its process, however that ends.

A process id tells less: in a container of its own it is another's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a new file's lock. Where the disk knows no locks, nobody finds it free either.

    The file has its name once it is locked: between the two, another would find it free.
    """
    import fcntl

    unnamed = path.with_name(f"{path.name}.{os.getpid()}.new")
    with unnamed.open("xb") as file:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unnamed.rename(path)
        yield


def is_free(path: Path) -> bool:
    """Whether a file is there whose lock nobody holds any more."""
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)
