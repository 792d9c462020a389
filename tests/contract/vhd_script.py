"""What a person does with a VHD and azure-storage-blob: fetch a disk by its signed URL, put a file into a container.

vhd_script.py download URL FILE
vhd_script.py upload ENDPOINT ACCOUNT KEY BLOB FILE
"""

import sys
from pathlib import Path

from azure.storage.blob import BlobClient, BlobServiceClient  # type: ignore[import-not-found]

PIECE = 4 * 1024 * 1024


def download(url: str, file: str) -> None:
    """Only the ranges that hold data travel; the rest of the file is a hole."""
    blob = BlobClient.from_blob_url(url)
    length = blob.get_blob_properties().size
    with Path(file).open("wb") as out:
        out.truncate(length)
        for each in blob.list_page_ranges():
            if each.cleared:
                continue
            for start in range(each.start, each.end + 1, PIECE):
                out.seek(start)
                out.write(blob.download_blob(offset=start, length=min(PIECE, each.end + 1 - start)).readall())


def upload(endpoint: str, account: str, key: str, name: str, file: str) -> None:
    """Into a new container; ``upload_blob`` finds the empty pages itself."""
    service = BlobServiceClient(endpoint, credential={"account_name": account, "account_key": key})
    there = service.create_container("vhds")
    with Path(file).open("rb") as data:
        blob = there.upload_blob(name, data, blob_type="PageBlob", length=Path(file).stat().st_size, max_concurrency=2)
    print(blob.url)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["download", *words]:
            download(*words)
        case ["upload", *words]:
            upload(*words)
