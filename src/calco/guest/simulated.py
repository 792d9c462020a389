"""A provisioning DVD that nobody reads: for the simulated hypervisor. Holds no secret, and says what it is."""

from pathlib import Path

from calco.model.disk import OsType
from calco.model.guest import Provisioning
from calco.model.ids import is_guid


class SimulatedMedia:
    """``ports.ProvisioningMedia`` without genisoimage, FOR TESTING RULES."""

    provisions = frozenset(OsType)

    def __init__(self, machines: Path) -> None:
        self._machines = machines

    def make(self, vm_id: str, provisioning: Provisioning) -> Path:
        file = self._file(vm_id)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text(f"simulated DVD for {provisioning.host_name}\n")
        return file

    def delete(self, vm_id: str) -> None:
        file = self._file(vm_id)
        file.unlink(missing_ok=True)
        if file.parent.exists() and not any(file.parent.iterdir()):
            file.parent.rmdir()

    def _file(self, vm_id: str) -> Path:
        if not is_guid(vm_id):
            raise ValueError(f"not a vmId: {vm_id[:100]!r}")
        return self._machines / vm_id / "provisioning.iso"
