"""The part of unittest that firmware/tests use, for MicroPython, which has none. Not for CPython.

Run a file's tests with `micropython -c "import unittest; unittest.main('test_x')"`. The closing line reads
`N passed, N failed, N skipped`; the exit code is 1 when something failed.
"""

import sys


class SkipTest(Exception):  # noqa: N818 - unittest's own name
    """Raised by a test that cannot run here."""


def skip(reason):
    """Decorate a test, or a TestCase, that is not to be run."""

    def decorate(target):
        if isinstance(target, type):
            target.skip_reason = reason
            return target

        def skipped(self):
            raise SkipTest(reason)

        return skipped

    return decorate


def skipIf(condition, reason):
    """Decorate as skip() does when the condition holds."""
    return skip(reason) if condition else lambda target: target


def skipUnless(condition, reason):
    """Decorate as skip() does unless the condition holds."""
    return skipIf(not condition, reason)


class _Raises:
    # What assertRaises returns as a context manager; .exception holds what was raised.
    def __init__(self, expected):
        self.expected = expected
        self.exception = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None:
            raise AssertionError(f"{_name(self.expected)} not raised")
        if isinstance(error, self.expected):
            self.exception = error
            return True
        return False


class _SubTest:
    # One round of a loop: a failure is noted and the loop goes on.
    def __init__(self, test, message, params):
        self.test = test
        self.title = ", ".join([str(message)] if message is not None else [])
        for key in sorted(params):
            self.title += f" {key}={params[key]!r}"

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None or isinstance(error, SkipTest) or not isinstance(error, Exception):
            return False
        self.test.subtest_failures.append((self.title.strip(), error))
        return True


def _name(kinds):
    if isinstance(kinds, tuple):
        return " or ".join([kind.__name__ for kind in kinds])
    return kinds.__name__


class TestCase:
    """Base of all tests; every method whose name begins with test is one."""

    skip_reason = None

    def __init__(self):
        self.subtest_failures = []
        self.cleanups = []

    @classmethod
    def setUpClass(cls):
        """Prepare what all tests of the class share."""

    @classmethod
    def tearDownClass(cls):
        """Clean up what setUpClass made."""

    def setUp(self):
        """Prepare one test."""

    def tearDown(self):
        """Clean up after one test."""

    def addCleanup(self, function, *args):
        """Have the function called after the test, the last one first."""
        self.cleanups.append((function, args))

    def subTest(self, msg=None, **params):
        """Return a context manager for one round of a loop of checks."""
        return _SubTest(self, msg, params)

    def skipTest(self, reason):
        """Leave the test; it counts as skipped."""
        raise SkipTest(reason)

    def fail(self, msg=None):
        """Fail the test."""
        raise AssertionError(msg or "failed")

    def _require(self, holds, text, msg):
        if not holds:
            raise AssertionError(f"{text}: {msg}" if msg is not None else text)

    def assertTrue(self, value, msg=None):
        """Require a true value."""
        self._require(value, f"{value!r} is not true", msg)

    def assertFalse(self, value, msg=None):
        """Require a false value."""
        self._require(not value, f"{value!r} is not false", msg)

    def assertEqual(self, first, second, msg=None):
        """Require equal values."""
        self._require(first == second, f"{first!r} != {second!r}", msg)

    def assertNotEqual(self, first, second, msg=None):
        """Require unequal values."""
        self._require(first != second, f"{first!r} == {second!r}", msg)

    def assertIs(self, first, second, msg=None):
        """Require the same object."""
        self._require(first is second, f"{first!r} is not {second!r}", msg)

    def assertIsNot(self, first, second, msg=None):
        """Require different objects."""
        self._require(first is not second, f"both are {first!r}", msg)

    def assertIsNone(self, value, msg=None):
        """Require None."""
        self._require(value is None, f"{value!r} is not None", msg)

    def assertIsNotNone(self, value, msg=None):
        """Require anything but None."""
        self._require(value is not None, "None", msg)

    def assertIn(self, member, container, msg=None):
        """Require membership."""
        self._require(member in container, f"{member!r} not in {container!r}", msg)

    def assertNotIn(self, member, container, msg=None):
        """Require no membership."""
        self._require(member not in container, f"{member!r} in {container!r}", msg)

    def assertIsInstance(self, value, kinds, msg=None):
        """Require a value of the type, or of one of the tuple's types."""
        self._require(isinstance(value, kinds), f"{value!r} is no {_name(kinds)}", msg)

    def assertNotIsInstance(self, value, kinds, msg=None):
        """Require a value of other types."""
        self._require(not isinstance(value, kinds), f"{value!r} is a {_name(kinds)}", msg)

    def assertGreater(self, first, second, msg=None):
        """Require first > second."""
        self._require(first > second, f"{first!r} <= {second!r}", msg)

    def assertGreaterEqual(self, first, second, msg=None):
        """Require first >= second."""
        self._require(first >= second, f"{first!r} < {second!r}", msg)

    def assertLess(self, first, second, msg=None):
        """Require first < second."""
        self._require(first < second, f"{first!r} >= {second!r}", msg)

    def assertLessEqual(self, first, second, msg=None):
        """Require first <= second."""
        self._require(first <= second, f"{first!r} > {second!r}", msg)

    def assertAlmostEqual(self, first, second, places=7, msg=None, delta=None):
        """Require values that differ by at most delta, or by less than half a unit of that decimal place."""
        limit = 0.5 * 10**-places if delta is None else delta
        self._require(first == second or abs(first - second) <= limit, f"{first!r} !~ {second!r}", msg)

    def assertRaises(self, expected, function=None, *args, **kwargs):
        """Require an exception: of the call, or as a context manager of the block."""
        context = _Raises(expected)
        if function is None:
            return context
        with context:
            function(*args, **kwargs)
        return None


class _Totals:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0

    def note(self, title, failures):
        # failures: pairs of sub-test title and exception
        if not failures:
            self.passed += 1
            return
        self.failed += 1
        for part, error in failures:
            print("FAIL", title, part)
            sys.print_exception(error)

    def note_skip(self, title, reason):
        self.skipped += 1
        print("SKIP", title, reason)


def _attempt(function, args, errors, part):
    # Returns whether the function came to its end; a SkipTest goes into errors like any other exception.
    try:
        function(*args)
    except Exception as error:
        errors.append((part, error))
        return False
    return True


def _steps(test, name):
    # setUp, the test, tearDown and clean-ups; returns pairs of part and exception in order
    errors = []
    if _attempt(test.setUp, (), errors, "setUp"):
        _attempt(getattr(test, name), (), errors, "")
        _attempt(test.tearDown, (), errors, "tearDown")
    for function, args in test.cleanups[::-1]:
        _attempt(function, args, errors, "clean-up")
    return test.subtest_failures + errors


def _run_class(title, case, totals):
    names = [name for name in sorted(dir(case)) if name.startswith("test")]
    if case.skip_reason is not None:
        for name in names:
            totals.note_skip(f"{title}.{name}", case.skip_reason)
        return
    try:
        case.setUpClass()
    except SkipTest as error:
        for name in names:
            totals.note_skip(f"{title}.{name}", error)
        return
    except Exception as error:
        for name in names:
            totals.note(f"{title}.{name}", [("setUpClass", error)])
        return
    for name in names:
        failures = _steps(case(), name)
        if len(failures) == 1 and isinstance(failures[0][1], SkipTest):
            totals.note_skip(f"{title}.{name}", failures[0][1])
        else:
            totals.note(f"{title}.{name}", failures)
    case.tearDownClass()


def main(module="__main__"):
    """Run all TestCases of a module, given by name, print the closing line and leave with the exit code."""
    totals = _Totals()
    try:
        namespace = __import__(module)
    except SkipTest as error:
        totals.note_skip(module, error)
        namespace = None
    for name in sorted(dir(namespace)) if namespace is not None else ():
        case = getattr(namespace, name)
        if isinstance(case, type) and case is not TestCase and issubclass(case, TestCase):
            _run_class(f"{module}.{name}", case, totals)
    print(f"{totals.passed} passed, {totals.failed} failed, {totals.skipped} skipped")
    sys.exit(1 if totals.failed else 0)
