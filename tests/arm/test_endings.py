"""A held poll: woken from any thread, no wake-up lost, none held after the service stops."""

import asyncio
import threading
import time

from calco.arm.endings import Endings


def test_a_wait_ends_with_the_operation() -> None:
    async def scene() -> float:
        endings = Endings()
        began = time.monotonic()
        with endings.expect("one") as waiter:
            threading.Thread(target=endings.ended, args=("one",)).start()
            await waiter.wait(30)
        return time.monotonic() - began

    assert asyncio.run(scene()) < 5


def test_an_end_between_registering_and_waiting_is_not_lost() -> None:
    async def scene() -> float:
        endings = Endings()
        began = time.monotonic()
        with endings.expect("one") as waiter:
            endings.ended("one")
            await waiter.wait(30)
        return time.monotonic() - began

    assert asyncio.run(scene()) < 5


def test_another_operations_end_wakes_nobody() -> None:
    async def scene() -> bool:
        endings = Endings()
        with endings.expect("one") as waiter:
            endings.ended("two")
            waited = asyncio.ensure_future(waiter.wait(0.05))
            done, _ = await asyncio.wait([waited], timeout=0.01)
            await waited
        return bool(done)

    assert asyncio.run(scene()) is False


def test_patience_is_limited() -> None:
    async def scene() -> None:
        await Endings().wait("one", 0.01)

    asyncio.run(asyncio.wait_for(scene(), 5))


def test_everybody_waiting_is_woken_and_forgotten() -> None:
    async def scene() -> Endings:
        endings = Endings()
        waits = [asyncio.ensure_future(endings.wait("one", 30)) for _ in range(50)]
        await asyncio.sleep(0)
        endings.ended("one")
        await asyncio.gather(*waits)
        return endings

    endings = asyncio.run(scene())
    assert endings._waiting == {}


def test_closing_lets_go_of_all_and_holds_no_more() -> None:
    async def scene() -> None:
        endings = Endings()
        held = asyncio.ensure_future(endings.wait("one", 30))
        await asyncio.sleep(0)
        endings.close()
        await held
        await endings.wait("two", 30)

    asyncio.run(asyncio.wait_for(scene(), 5))


def test_an_end_after_the_loop_is_gone_is_harmless() -> None:
    endings = Endings()

    async def scene() -> None:
        with endings.expect("one"):
            pass

    asyncio.run(scene())
    endings.ended("one")
