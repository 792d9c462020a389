"""Switching machines on and off: the plans behind create, start, restart, power off and deallocate.

The way up: make every disk writable, plug the NICs in, take a place among those that boot, power on, wait for the
guest. The steps themselves are in ``power_up`` and ``power_down``.
"""

from collections.abc import Sequence

from calco.operations.plan import Act, Change, Plan, no_change, nothing
from calco.work import power_down as down
from calco.work import power_up as up
from calco.work.cloud import Cloud
from calco.work.deployments import POWER_ON

_WRITABLE: Sequence[Change[Cloud, up.PowerOn] | Act[Cloud, up.PowerOn]] = (
    Act("make volumes", up.make_volumes, up.drop_volumes),
    Change("adopt volumes", up.adopt_volumes, up.disown_volumes),
)

CREATE: Plan[Cloud, up.PowerOn] = Plan(
    "machine.create",
    up.PowerOn,
    (
        # Of many that are made of one image only some are under way, from their first clone on.
        Change("await turn", up.await_turn, up.leave_turn),
        *_WRITABLE,
        Act("make media", up.make_media, up.drop_media),
        Act("plug in", up.plug_in, up.unplug),
        Change("take a place", up.take_place_in_turn, up.leave_place),
        Change("announce power on", up.announce_power_on, up.take_announcement_back),
        Act(POWER_ON, up.power_on_in_turn, up.power_off_and_forget),
        Change("running", up.now_running, up.not_running),
        # A machine that runs is not taken back because nobody could look at it for a moment.
        Act("await guest", up.await_guest, nothing, insist=True),
        Change("settle", up.settle_created, no_change),
    ),
    failed=up.create_failed,
)
START: Plan[Cloud, up.PowerOn] = Plan(
    "machine.start",
    up.PowerOn,
    (
        Change("take a place", up.take_place, up.leave_place),
        *_WRITABLE,
        Act("plug in", up.plug_in, up.unplug),
        Change("announce power on", up.announce_power_on, up.take_announcement_back),
        Act("power on", up.power_on, up.power_off_and_forget),
        Change("running", up.now_running, up.not_running),
    ),
)


POWER_OFF: Plan[Cloud, down.PowerOff] = Plan(
    "machine.powerOff",
    down.PowerOff,
    (Act("power off", down.power_off, down.note_loss), Change("stopped", down.now_off, no_change)),
)
DEALLOCATE: Plan[Cloud, down.PowerOff] = Plan(
    "machine.deallocate",
    down.PowerOff,
    (Act("power off and unplug", down.deallocate, down.note_loss), Change("deallocated", down.now_off, no_change)),
)
RESTART: Plan[Cloud, down.PowerOff] = Plan(
    "machine.restart",
    down.PowerOff,
    (
        Change("take a place", up.take_place, up.leave_place),
        Act("power off", down.power_off, down.note_loss),
        Change("announce power on", up.announce_power_on, no_change),
        Act("power on", up.power_on, up.power_off_again),
        Change("running", up.now_running, no_change),
    ),
)
