# SPDX-License-Identifier: MIT
"""A test suite made and run: short lives, deep calls, exceptions, text."""

import io
import unittest
from unittest import mock

CLASSES, METHODS = 40, 50


def method(n):
    def test(self):
        with self.subTest(n=n):
            self.assertEqual(sorted([n, n - 1, n + 1]), [n - 1, n, n + 1])
        with self.assertRaises(KeyError):
            {}[f"missing {n}"]
        if n % 10 == 3:
            self.skipTest("every tenth")
        if n % 25 == 7:
            self.assertEqual({"n": n}, {"n": n + 1})
        if n % 25 == 8:
            fake = mock.Mock(return_value=n)
            self.assertEqual(fake(n, key=n), n)
            fake.assert_called_once_with(n, key=n)

    return test


def main():
    suite = unittest.TestSuite()
    for c in range(CLASSES):
        body = {f"test_{n}": method(n) for n in range(METHODS)}
        made = type(f"Case{c}", (unittest.TestCase,), body)
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(made))
    result = unittest.TextTestRunner(io.StringIO(), verbosity=2).run(suite)
    assert result.testsRun == CLASSES * METHODS
    assert len(result.failures) == CLASSES * 2
    assert len(result.skipped) == CLASSES * 5
    print(result.testsRun, len(result.failures), len(result.skipped))


main()
