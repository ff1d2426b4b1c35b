# SPDX-License-Identifier: MIT
"""Make a folder of tests and let pytest run it: parameters, failures, all."""

import os
import sys
import tempfile

import pytest

TESTS = """
import pytest


@pytest.fixture
def numbers():
    return list(range(10))


@pytest.mark.parametrize("n", range(40))
def test_sum(numbers, n):
    assert sum(numbers) + n == 45 + n


@pytest.mark.parametrize("n", range(10))
def test_raises(n):
    with pytest.raises(ZeroDivisionError):
        n / 0


@pytest.mark.parametrize("n", range(2))
def test_fails(numbers, n):
    assert sum(numbers) == n
"""


def main(files):
    """Run so many files; those that fail are meant to."""
    with tempfile.TemporaryDirectory() as folder:
        for n in range(4 * files):
            path = os.path.join(folder, f"test_{n}.py")
            with open(path, "w", encoding="ascii") as file:
                file.write(TESTS)
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        code = pytest.main(
            ["-q", "-p", "no:cacheprovider", "--tb=short", folder]
        )
    if code != pytest.ExitCode.TESTS_FAILED:
        raise SystemExit(f"pytest ended with {code}")


main(int(sys.argv[1]))
