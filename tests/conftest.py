"""What several rooms test with: the real bundle, the portraits of the set-up, and the development data.

The test command builds the bundle and gets the portraits before pytest runs. The development data is named by
DOORSTEP_EVAL_DATA; tests on it are skipped, and say so, where it is absent.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.core.bundle import Bundle
from edge.models.nets import Nets, load_nets
from tools.evaluate.default_bundle import find_bundle, find_folder
from tools.portraits import cache_folder, fetch_portraits


@pytest.fixture(scope="session")
def bundle_folder() -> Path:
    """The bundle under test: DOORSTEP_BUNDLE, or the one that the set-up built."""
    named = os.environ.get("DOORSTEP_BUNDLE")
    return Path(named) if named else find_folder()


@pytest.fixture(scope="session")
def bundle(bundle_folder: Path) -> Bundle:
    return find_bundle(bundle_folder)


@pytest.fixture(scope="session")
def nets(bundle: Bundle) -> Nets:
    """The four nets on one thread of the installed runtime."""
    return load_nets(bundle, threads=1)


@pytest.fixture(scope="session")
def portraits() -> Path:
    """The folder with obama.jpg, obama2.jpg, obama3.jpg (one man) and biden.jpg (another)."""
    return fetch_portraits(cache_folder())


@pytest.fixture(scope="session")
def eval_data() -> Path:
    folder = os.environ.get("DOORSTEP_EVAL_DATA")
    if not folder:
        pytest.skip("DOORSTEP_EVAL_DATA is not set: no development data here")
    return Path(folder)
