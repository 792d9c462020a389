"""A script in a guest, begun once however often it is asked for: the shell that guards it, and what that says.

The agent can only begin a program, not know whether it was begun before; so what is begun is this guard. It makes a
folder of the run's name: who makes it begins the script, whoever comes later looks how it goes. What came of it stays
in the folder until somebody takes it away, so a service that was killed in between finds it. Where the folder is
missing and the guest has booted since it was first looked at, nobody knows whether the script ran; it is not begun
then. The folder lies where files outlive a boot.

The guard needs a POSIX shell, mkdir, tail, mv and rm; it uses setsid and timeout where there are any, and systemd's
scopes: systemd ends all that belongs to the agent's own unit when that is restarted, by an upgrade for example.
"""

import re
from collections.abc import Callable, Sequence

from calco.compute.guest_agent import Ended
from calco.model.ids import is_guid
from calco.model.run_command import OUTPUT_BYTES_MAX, Ran, Script, is_variable
from calco.ports import NoGuestAgent, RunLost

Execute = Callable[[Sequence[str], bytes], Ended]
"""Runs a program that ends soon in the guest. Raises NoGuestAgent."""

FOLDER = "/var/tmp/calco-run-command-"  # noqa: S108 - in the guest; made new, 0700, of a name nobody can guess
BOOT_ID = ("/bin/cat", "/proc/sys/kernel/random/boot_id")
"""Another one after each boot. Source: random(4)."""

_RUNNER = r"""
echo $$ >begun.new && mv begun.new begun
calco_seconds=$1; shift
export HOME="${HOME:-/root}"
set -f
read -r calco_first <script
case $calco_first in '#!'*) set -- ${calco_first#??} ./script "$@";; *) set -- /bin/sh ./script "$@";; esac
set +f
if command -v timeout >/dev/null 2>&1; then set -- timeout -k 30 "$calco_seconds" "$@"; fi
"$@" >stdout 2>stderr </dev/null
echo $? >ended.new && mv ended.new ended
"""
# A file system that forbids programs must not matter: so the script's first line is read, and not the kernel's to read.
# Parameters become variables, so all of the shells' own begin with a word that no parameter's name may begin with.

_GUARD = r"""
calco_folders=$1 calco_home=$1$2 calco_boot=$3 calco_seconds=$4
shift 4
umask 077
say() { printf 'calco-run %s\n' "$*"; }
if [ -e "$calco_home/ended" ]; then
  say ended "$(cat "$calco_home/ended")"
  tail -c BYTES "$calco_home/stdout"
  tail -c BYTES "$calco_home/stderr" >&2
elif [ "$(cat /proc/sys/kernel/random/boot_id)" != "$calco_boot" ]; then
  say lost
elif mkdir "$calco_home" 2>/dev/null; then
  for calco_old in "$calco_folders"*; do [ "$calco_old" = "$calco_home" ] || rm -rf "$calco_old"; done
  cd "$calco_home" && cat >script || { say stuck; exit; }
  for calco_pair do
    case $calco_pair in =*) ;; *) export "$calco_pair";; esac
    set -- "$@" "${calco_pair#*=}"
    shift
  done
  calco_session= calco_scope=
  command -v setsid >/dev/null 2>&1 && calco_session=setsid
  if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null 2>&1; then
    calco_scope='systemd-run --scope --quiet --collect'
  fi
  set -- /bin/sh -c "$calco_runner" calco "$calco_seconds" "$@"
  (
    [ -n "$calco_scope" ] && $calco_session $calco_scope "$@" || [ -e begun ] || $calco_session "$@"
  ) </dev/null >/dev/null 2>&1 &
  say running
elif [ ! -d "$calco_home" ]; then
  say stuck
elif [ ! -e "$calco_home/begun" ] || kill -0 "$(cat "$calco_home/begun")" 2>/dev/null; then
  say running
elif [ -e "$calco_home/ended" ]; then
  say running
else
  say lost
fi
""".replace("BYTES", str(OUTPUT_BYTES_MAX))

_SAID = re.compile(rb"calco-run (?:(running|lost|stuck)|ended (\d{1,3}))\n")


def boot(execute: Execute) -> str:
    """``ports.Hypervisor.guest_boot``."""
    text = execute(BOOT_ID, b"").stdout.decode("ascii", errors="replace").strip()
    if not is_guid(text):
        raise NoGuestAgent("the guest does not tell which boot it lives in")
    return text.lower()


def run(execute: Execute, boot: str, script: Script, *, folder: str = FOLDER) -> Ran | None:
    """``ports.Hypervisor.run``. ``folder`` is what the names of the runs' folders begin with."""
    return read(execute(guard(script, boot, folder=folder), script.text.encode()))


def forget(execute: Execute, id: str, *, folder: str = FOLDER) -> None:
    """``ports.Hypervisor.forget_run``."""
    if not is_guid(id):
        raise ValueError("ids of runs are GUIDs")
    execute(["/bin/rm", "-rf", f"{folder}{id}"], b"")


def guard(script: Script, boot: str, *, folder: str) -> Sequence[str]:
    """The argv that begins the script or looks how it goes; the script itself is its input."""
    if not is_guid(script.id) or not is_guid(boot):
        raise ValueError("ids of runs and boots are GUIDs")
    pairs = [f"{name if is_variable(name) else ''}={value}" for name, value in script.arguments]
    shell = f"calco_runner='{_RUNNER.replace(chr(39), chr(39) + chr(92) + chr(39) + chr(39))}'\n{_GUARD}"
    return ["/bin/sh", "-c", shell, "calco", folder, script.id, boot, str(script.seconds), *pairs]


def read(said: Ended) -> Ran | None:
    """What the guard said. Raises RunLost, NoGuestAgent when the guest has no place for it or says anything else."""
    found = _SAID.match(said.stdout)
    if found is None:
        raise NoGuestAgent(f"the guest's shell did not answer as it should, and ended with {said.code}")
    if found[2] is not None:
        rest = said.stdout[found.end() :]
        return Ran(int(found[2]), rest[-OUTPUT_BYTES_MAX:], said.stderr[-OUTPUT_BYTES_MAX:])
    if found[1] == b"lost":
        raise RunLost
    if found[1] == b"stuck":
        raise NoGuestAgent("the guest could not write below /var/tmp: its disk is full or read-only")
    return None
