"""The portal as people have it: in a real browser, on a real service with simulated machines.

A package, so that the browser of its fixtures ends with its last test: Playwright's event loop and other tests' own
would not go together in one thread.
"""
