"""Reads what lies where on a disk. The only file that knows the libraries which read file systems."""

from calco.inspection.blocks import Blocks
from calco.inspection.volumes import Disk


def volumes_of(blocks: Blocks) -> Disk:
    """What is on the disk. Never raises for what is on it."""
    return Disk(blocks, "", ())
