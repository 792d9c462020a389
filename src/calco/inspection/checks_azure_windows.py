"""Checks of a Windows system for Azure. Source: Azure, "Prepare a Windows VHD or VHDX to upload to Azure"."""

from calco.inspection.check import Check
from calco.inspection.windows import Windows

CHECKS: tuple[Check[Windows], ...] = ()
