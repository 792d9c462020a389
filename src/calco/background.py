"""The service in a process of its own, as ``calco up --detach`` starts it: with nothing of the command line in it, for
what is not imported costs neither time nor memory.

Words come in pairs, ``--port 8443``, as the table of settings names them; ``--ready-fd N`` is the pipe that hears of
the first answer.
"""

import logging
import os
import sys
from collections.abc import Callable, Sequence

from calco import service
from calco.assembly import assemble
from calco.data_dir import DataDir, DataDirTaken, DataDirUnfit, Running
from calco.server import PortTaken
from calco.settings import Settings, SettingsError, load, rows
from calco.tool import ToolFailed


class CannotServe(Exception):
    """The service did not start, or ended badly; the text can be shown as it stands."""


def serve(settings: Settings, ready: Callable[[Running], None], *, also_stderr: bool) -> None:
    """Serve until told to stop; ``ready`` hears of the first answer. Raises CannotServe."""
    data = DataDir(settings.data_dir)
    try:
        service.log_to(data, settings.log_level, also_stderr=also_stderr)
        service.build(settings, assemble).run(ready)
    except (DataDirTaken, DataDirUnfit, PortTaken, service.CannotStart) as why:
        raise CannotServe(str(why)) from why
    except ToolFailed as missing:
        raise CannotServe(f"{missing}\nSee what is missing and what mends it: calco doctor") from missing
    except ValueError as damaged:
        logging.getLogger("calco").debug("cannot start", exc_info=True)
        raise CannotServe(f"the service cannot start: {damaged}") from damaged


def main(words: Sequence[str]) -> int:
    """Exit status: 0 when it was told to stop, 1 when it could not serve."""
    given = dict(zip(words[::2], words[1::2], strict=True))
    ready_fd = int(given["--ready-fd"])
    # Not for the programs the service starts: they would hold the pipe open.
    os.set_inheritable(ready_fd, False)

    def ready(_running: Running) -> None:
        os.write(ready_fd, b"1")
        os.close(ready_fd)

    try:
        serve(load({row.name: given.get(row.flag) for row in rows()}), ready, also_stderr=False)
    except (CannotServe, SettingsError) as why:
        sys.stderr.write(f"{why}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
