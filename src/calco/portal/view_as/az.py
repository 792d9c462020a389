"""An action as Azure's command line takes it, for bash. Source: azure-cli 2.91.0, whose options a test asks it for.

Steps hang together by ``&&``: a machine must not be deleted when its image was not made. az reads a file for a value
that begins with ``@`` (azure-cli-core, ``_expand_file_prefixed_files``): a tag somebody else wrote could send a file of
the reader's. Tags that az would not take as they are go by ``az rest``, in JSON that has no ``@``.
"""

from collections.abc import Mapping
from itertools import groupby
from types import MappingProxyType

from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.portal.view_as import action as actions
from calco.portal.view_as import parts, quoting
from calco.portal.view_as.action import Place
from calco.portal.view_as.shown import Note, Shown

WIDTH = 110
"""Longer commands are broken, each option kept whole."""
TAGS_VERSION = "2024-11-01"
_NOUNS = MappingProxyType({parts.MACHINE: "vm", parts.IMAGE: "image", parts.DISK: "disk", parts.SNAPSHOT: "snapshot"})
_ASKS_FIRST = frozenset({parts.MACHINE, parts.DISK})
_AND = " &&\n"


# --- words -----------------------------------------------------------------------------------------------------------


def _option(flag: str, value: str) -> str:
    """A value that begins like an option has to be tied to its own."""
    if value.startswith("-") and flag.startswith("--"):
        return f"{flag}={quoting.bash(value)}"
    return f"{flag} {quoting.bash(value)}"


def _command(words: str, *options: str) -> str:
    lines, line = [], f"az {words}"
    for option in filter(None, options):
        if len(line) + 1 + len(option) > WIDTH:
            lines.append(line)
            line = "   "
        line = f"{line} {option}"
    return " \\\n".join([*lines, line])


def _named(id: ResourceId) -> tuple[str, str]:
    """Long options where a short one could not be tied to a value."""
    dashed = any(each.startswith("-") for each in (id.group, id.name))
    group, name = ("--resource-group", "--name") if dashed else ("-g", "-n")
    return _option(group, id.group), _option(name, id.name)


def _group(id: ResourceId) -> str:
    return _option("--name" if id.group.startswith("-") else "-n", id.group)


def _flag(words: str, wanted: bool) -> str:
    return words if wanted else ""


def _is_plain(tags: Mapping[str, str]) -> bool:
    return not any(
        "=" in key or key.startswith(("-", "@")) or value.startswith("@") or "\0" in key + value
        for key, value in tags.items()
    )


def _tags(tags: Mapping[str, str]) -> str:
    """``--tags`` of a command that makes something; nothing when they have to go by themselves."""
    if not tags or not _is_plain(tags):
        return ""
    return " ".join(["--tags", *(quoting.bash(f"{key}={value}") for key, value in tags.items())])


def _tags_after(id: ResourceId, tags: Mapping[str, str]) -> tuple[str, ...]:
    return () if _is_plain(tags) else (_tags_by_rest(id, tags),)


def _tags_by_rest(id: ResourceId, tags: Mapping[str, str]) -> str:
    body: Document = {"operation": "Replace", "properties": {"tags": dict(tags)}}
    text = quoting.as_json(body, indent=None).replace("@", "\\u0040")
    url = f"{quoting.path(str(id))}/providers/Microsoft.Resources/tags/default?api-version={TAGS_VERSION}"
    return _command("rest --method patch", _option("--url", url), _option("--body", text))


def _steps(*steps: str, notes: tuple[Note, ...] = ()) -> Shown:
    return Shown(_AND.join(filter(None, steps)), notes)


def _tag_notes(tags: Mapping[str, str]) -> tuple[Note, ...]:
    return () if _is_plain(tags) else (Note.AZ_TAGS,)


def _new_group(id: ResourceId, place: Place, wanted: bool) -> str:
    return _command("group create", _group(id), _option("-l", place.location)) if wanted else ""


# --- actions ---------------------------------------------------------------------------------------------------------


def act(action: actions.ActOnMachines, _place: Place) -> Shown:
    return _steps(_for_all(f"vm {action.verb}", action.machines))


def _for_all(words: str, ids: tuple[ResourceId, ...], *options: str) -> str:
    if len(ids) == 1:
        return _command(words, *_named(ids[0]), *options)
    return _for_all_ids(words, ids, *options)


def _for_all_ids(words: str, ids: tuple[ResourceId, ...], *options: str) -> str:
    return _command(words, "--ids", *(quoting.bash(str(id)) for id in ids), *options)


def delete(action: actions.Delete, _place: Place) -> Shown:
    steps: list[str] = []
    for kind, found in groupby(action.resources, key=lambda each: each.kind):
        ids = tuple(found)
        if kind == parts.GROUP:
            steps += [_command("group delete", _group(id), "--yes") for id in ids]
        elif kind in _NOUNS:
            steps.append(_for_all(f"{_NOUNS[kind]} delete", ids, _flag("--yes", kind in _ASKS_FIRST)))
        else:
            steps.append(_for_all_ids("resource delete", ids))
    return _steps(*steps)


def capture_image(action: actions.CaptureImage, place: Place) -> Shown:
    machine, image = action.machine, action.image
    source = machine.name if machine.group_id.key == image.group_id.key else str(machine)
    return _steps(
        _new_group(image, place, action.new_group),
        _command("vm deallocate", *_named(machine)) if action.deallocate else "",
        _command("vm generalize", *_named(machine)) if action.generalize else "",
        _command(
            "image create",
            *_named(image),
            _option("-l", place.location),
            _option("--source", source),
            f"--hyper-v-generation {action.generation}",
            _flag("--zone-resilient true", action.zone_resilient),
            _tags(action.tags),
        ),
        *_tags_after(image, action.tags),
        _command("vm delete", *_named(machine), "--yes") if action.delete_machine else "",
        notes=_tag_notes(action.tags),
    )


def create_image(action: actions.CreateImage, place: Place) -> Shown:
    return _steps(
        _new_group(action.image, place, action.new_group),
        _command(
            "image create",
            *_named(action.image),
            _option("-l", place.location),
            _option("--source", parts.source_of(action.source)),
            f"--os-type {action.os_type}",
            f"--hyper-v-generation {action.generation}",
            _flag("--zone-resilient true", action.zone_resilient),
            _tags(action.tags),
        ),
        *_tags_after(action.image, action.tags),
        notes=_tag_notes(action.tags),
    )


def create_group(action: actions.CreateGroup, place: Place) -> Shown:
    made = _command("group create", _group(action.group), _option("-l", place.location), _tags(action.tags))
    return _steps(made, *_tags_after(action.group, action.tags), notes=_tag_notes(action.tags))


def create_snapshot(action: actions.CreateSnapshot, place: Place) -> Shown:
    made = _command(
        "snapshot create",
        *_named(action.snapshot),
        _option("-l", place.location),
        _option("--source", str(action.source)),
        _tags(action.tags),
    )
    return _steps(made, *_tags_after(action.snapshot, action.tags), notes=_tag_notes(action.tags))


def create_machines(action: actions.CreateMachines, place: Place) -> Shown:
    made = _command(
        "vm create",
        *_named(action.machine),
        _option("-l", place.location),
        _option("--image", str(action.image)),
        _option("--size", action.size),
        _flag(f"--count {action.count}", action.count != 1),
        _option("--admin-username", action.user),
        *_login(action),
        *_network(action),
        _flag("--public-ip-address ''", not action.public_address),
        "--nsg ''",
        "--os-disk-delete-option Delete --nic-delete-option Delete",
        _tags(action.tags),
    )
    asked = () if parts.takes_key(action) else (Note.AZ_PASSWORD,)
    reached = (Note.PUBLIC_ADDRESS,) if action.public_address else ()
    return _steps(
        _new_group(action.machine, place, action.new_group),
        made,
        *(step for id in parts.machines(action) for step in _tags_after(id, action.tags)),
        notes=(*asked, *reached, *_tag_notes(action.tags)),
    )


def _login(action: actions.CreateMachines) -> tuple[str, ...]:
    """Without a password in it: az asks for one that it was not given."""
    if not parts.takes_key(action):
        return ("--authentication-type password",)
    key = parts.key_of(action)
    return ("--authentication-type ssh", _option("--ssh-key-values", key) if key else "--generate-ssh-keys")


def _network(action: actions.CreateMachines) -> tuple[str, ...]:
    if action.subnet:
        return (_option("--subnet", str(action.subnet)),)
    return (_option("--vnet-name", parts.network_name(action)), _option("--subnet", parts.SUBNET))


def export_disk(action: actions.ExportDisk, _place: Place) -> Shown:
    """Access is taken back even when the download fails."""
    granted, revoked = _access(action.source, "Read", action.seconds)
    download = _command('storage blob download --blob-url "$sas"', _option("--file", parts.file_of(action.file)))
    return Shown(f"{granted}{_AND}{download}\n{revoked}")


def import_disk(action: actions.ImportDisk, place: Place) -> Shown:
    granted, revoked = _access(action.disk, "Write", action.seconds)
    made = _command(
        "disk create",
        *_named(action.disk),
        _option("-l", place.location),
        _option("--sku", action.sku),
        f"--os-type {action.os_type} --hyper-v-generation {action.generation}" if action.os_type else "",
        f"--upload-type Upload --upload-size-bytes {action.bytes}",
        _tags(action.tags),
    )
    steps = (_new_group(action.disk, place, action.new_group), made, *_tags_after(action.disk, action.tags))
    upload = _UPLOAD.format(file=quoting.bash(parts.file_of(action.file)), bytes=action.bytes, piece=parts.PIECE)
    return Shown(
        _AND.join(filter(None, (*steps, granted, upload))) + f"\n{revoked}", (Note.AZ_CURL, *_tag_notes(action.tags))
    )


_UPLOAD = """\
for ((at = 0; at < {bytes}; at += {piece})); do
  end=$((at + {piece} < {bytes} ? at + {piece} - 1 : {bytes} - 1))
  tail -c +$((at + 1)) {file} | head -c {piece} | curl --fail --silent --show-error -X PUT --data-binary @- \\
    -H 'x-ms-version: 2021-08-06' -H 'x-ms-page-write: update' -H "x-ms-range: bytes=$at-$end" \\
    -H 'Content-Type: application/octet-stream' "$sas&comp=page" || break
done"""
"""Page by page: `az storage blob upload` would make a blob first, which an address of a disk does not allow."""


def _access(id: ResourceId, level: str, seconds: int) -> tuple[str, str]:
    noun = _NOUNS.get(id.kind, "disk")
    asked = _command(
        f"{noun} grant-access",
        *_named(id),
        f"--access-level {level} --duration-in-seconds {seconds} --query accessSAS -o tsv",
    )
    return f"sas=$({asked})", _command(f"{noun} revoke-access", *_named(id))


def set_tags(action: actions.SetTags, _place: Place) -> Shown:
    id = _option("--resource-id", str(action.resource))
    if not action.tags:
        return _steps(_command("tag delete", id, "--yes"))
    if not _is_plain(action.tags):
        return _steps(_tags_by_rest(action.resource, action.tags), notes=(Note.AZ_TAGS,))
    return _steps(_command("tag update", id, "--operation Replace", _tags(action.tags)))
