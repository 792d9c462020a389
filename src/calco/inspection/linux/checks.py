"""Checks of a Linux system, in the order they are shown: whether it boots, who sets it up, and what it must not carry.

Sources: WALinuxAgent, pa/deprovision/default.py; Azure, "Prepare and upload a Linux VHD"; virt-sysprep's operations.
"""

from calco.inspection.check import Check
from calco.inspection.linux import (
    checks_accounts,
    checks_agents,
    checks_boot,
    checks_identity,
    checks_leftovers,
    checks_mounts,
)
from calco.inspection.linux.root import Linux

CHECKS: tuple[Check[Linux], ...] = (
    *checks_boot.CHECKS,
    *checks_mounts.CHECKS,
    *checks_agents.CHECKS,
    *checks_identity.CHECKS,
    *checks_accounts.CHECKS,
    *checks_leftovers.CHECKS,
)
