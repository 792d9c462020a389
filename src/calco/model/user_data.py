"""``userData``: what a machine's owner leaves for its guest to ask for, at any time of its life."""

import base64
import binascii

from calco.model import errors

BYTES_MAX = 65535
"""Source: Azure, "User Data for Azure Virtual Machine": 64 KB; azure-mgmt-compute, VirtualMachine.user_data: base64."""


def check(text: str) -> None:
    """Base64 of at most BYTES_MAX bytes; empty takes it away. Raises ApiError."""
    try:
        size = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as malformed:
        raise errors.invalid("userData", _WANTED) from malformed
    if size > BYTES_MAX:
        raise errors.invalid("userData", _WANTED)


_WANTED = f"User data must be in Base64 encoding and with a maximum length of {BYTES_MAX} bytes before it is encoded."
