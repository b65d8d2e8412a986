"""What a walk compares is told in full where it differs."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.walk.machine")
