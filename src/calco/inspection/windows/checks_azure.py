"""Checks of a Windows system for Azure. Source: Azure, "Prepare a Windows VHD or VHDX to upload to Azure"."""

from calco.inspection.check import Check
from calco.inspection.windows import (
    checks_azure_boot,
    checks_azure_files,
    checks_azure_firewall,
    checks_azure_release,
    checks_azure_remote_desktop,
    checks_azure_system,
    checks_azure_unread,
)
from calco.inspection.windows.system import Windows

CHECKS: tuple[Check[Windows], ...] = (
    *checks_azure_system.CHECKS,
    *checks_azure_remote_desktop.CHECKS,
    *checks_azure_firewall.CHECKS,
    *checks_azure_boot.CHECKS,
    *checks_azure_files.CHECKS,
    *checks_azure_release.CHECKS,
    *checks_azure_unread.CHECKS,
)
