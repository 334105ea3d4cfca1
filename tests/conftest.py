"""What several rooms test with: the real bundle, the portraits of the set-up, and the development data.

The test command builds the bundle and gets the portraits before pytest runs. The development data is named by
DOORSTEP_EVAL_DATA; tests on it are skipped, and say so, where it is absent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.founding import DEFAULT_DATABASE
from edge.core.bundle import Bundle
from edge.models.nets import Nets, load_nets
from tools.evaluate.default_bundle import find_bundle, find_folder
from tools.portraits import cache_folder, fetch_portraits
from tools.postgres import Postgres, why_not


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real server, without the disk's waiting."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with Postgres(durable=False) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of either kind."""
    if request.param == "sqlite":
        return DEFAULT_DATABASE
    url: str = request.getfixturevalue("postgres").new_schema()
    return url
