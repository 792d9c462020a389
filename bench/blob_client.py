"""Azure's own client of blobs, moving bytes on request: what `bench/blobs.py` runs in `.venvs/blob`.

Reads lines like `up 4` from its standard input, does that, and answers each with a line of JSON: seconds and its own
CPU seconds. The environment has ENDPOINT, ACCOUNT, KEY and BYTES.
"""

import json
import os
import sys
import time
from collections.abc import Callable

from azure.storage.blob import BlobServiceClient  # type: ignore[import-not-found]

MIB = 1 << 20
GIB = 1 << 30
EMPTY_BYTES = 127 * GIB


class Mover:
    """One container, one VHD's worth of bytes that no zeros can be left out of."""

    def __init__(self) -> None:
        self.bytes = int(os.environ["BYTES"])
        self.content = os.urandom(self.bytes)
        account, key = os.environ["ACCOUNT"], os.environ["KEY"]
        service = BlobServiceClient(
            os.environ["ENDPOINT"],
            credential={"account_name": account, "account_key": key},
            max_page_size=4 * MIB,
            max_single_get_size=4 * MIB,
            max_chunk_get_size=4 * MIB,
        )
        self.container = service.create_container("bench")

    def up(self, connections: int) -> None:
        blob = self.container.get_blob_client("bench.vhd")
        blob.upload_blob(
            self.content, blob_type="PageBlob", length=self.bytes, max_concurrency=connections, overwrite=True
        )

    def down(self, connections: int) -> None:
        blob = self.container.get_blob_client("bench.vhd")
        count = sum(len(each) for each in blob.download_blob(max_concurrency=connections).chunks())
        assert count == self.bytes, f"{count} of {self.bytes} bytes came back"

    def empty(self, _connections: int) -> None:
        """127 GiB of which only the footer is written."""
        blob = self.container.get_blob_client("empty.vhd")
        blob.create_page_blob(EMPTY_BYTES + 512)
        blob.upload_page(b"f" * 512, EMPTY_BYTES, 512)


def main() -> None:
    mover = Mover()
    acts: dict[str, Callable[[int], None]] = {"up": mover.up, "down": mover.down, "empty": mover.empty}
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        name, _, connections = line.strip().partition(" ")
        began, cpu = time.perf_counter(), time.process_time()
        acts[name](int(connections or 1))
        told = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
