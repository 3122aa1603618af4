"""What the tests share."""


def raises(kind, text, run):
    """Asserts that `run()` raises an exception of a class with this text."""
    try:
        run()
    except kind as error:
        got = str(error.args[0]) if error.args else ""
        assert got == text, f"\ngot      {got!r}\nexpected {text!r}"
    else:
        raise AssertionError(f"expected {kind.__name__}: {text}")
