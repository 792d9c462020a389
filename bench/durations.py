"""Durations as people read them."""


def spell(seconds: float) -> str:
    """Two or three digits that mean something: ``0.13 ms``, ``12.4 ms``, ``3.2 s``, ``1 min 20 s``."""
    if seconds >= 60:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.2f} ms" if milliseconds < 1 else f"{milliseconds:.1f} ms"
