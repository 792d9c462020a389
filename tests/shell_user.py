"""Whose shells the tests open: what the portal tells of somebody who is signed in for another hour."""

from typing import TypedDict


class User(TypedDict):
    key: str
    name: str
    base: str
    token: str
    seconds: float


BASE = "https://localhost:1"
ALICE = User(key="session-a", name="alice", base=BASE, token="token-of-alice", seconds=3600)
BOB = User(key="session-b", name="bob", base=BASE, token="token-of-bob", seconds=3600)
