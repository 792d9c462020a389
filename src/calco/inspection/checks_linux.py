"""Checks of a Linux system, in the order they are shown: whether it boots, who sets it up, and what it must not carry.

Sources: WALinuxAgent, pa/deprovision/default.py; Azure, "Prepare and upload a Linux VHD"; virt-sysprep's operations.
"""

from calco.inspection import (
    checks_linux_accounts,
    checks_linux_agents,
    checks_linux_boot,
    checks_linux_identity,
    checks_linux_leftovers,
)
from calco.inspection.check import Check
from calco.inspection.linux_root import Linux

CHECKS: tuple[Check[Linux], ...] = (
    *checks_linux_boot.CHECKS,
    *checks_linux_agents.CHECKS,
    *checks_linux_identity.CHECKS,
    *checks_linux_accounts.CHECKS,
    *checks_linux_leftovers.CHECKS,
)
