"""A signed URL, asked: what cannot be sent or does not come is told in a sentence, without the signature."""

import ssl

import pytest

from calco.signed_url import Answer, BlobFailure, SignedUrl, refusal

URL = "https://localhost:1/vhds/disk.vhd?sig=secret"


@pytest.fixture
def url() -> SignedUrl:
    return SignedUrl(URL, ssl.create_default_context())


@pytest.mark.parametrize("source", ["https://host/x\nAuthorization: mine", "https://host/\u20ac"])
def test_a_header_that_is_none_is_refused_before_anything_is_sent(url: SignedUrl, source: str) -> None:
    with pytest.raises(BlobFailure, match="nothing that can be sent"):
        url.ask("PUT", "", {"x-ms-copy-source": source}, b"")


@pytest.mark.slow  # it tries again, and waits between
def test_an_endpoint_that_does_not_answer_is_said_to(url: SignedUrl) -> None:
    with pytest.raises(BlobFailure, match="does not answer") as failed:
        url.ask("GET")
    assert failed.value.status == 0
    assert "secret" not in failed.value.message


@pytest.mark.parametrize(
    ("answer", "said", "code"),
    [
        (
            Answer(404, {}, b"<Error><Code>BlobNotFound</Code><Message>There is none.\nRequestId:1</Message></Error>"),
            "the blob endpoint refuses: BlobNotFound: There is none.",
            "BlobNotFound",
        ),
        (
            Answer(404, {"x-ms-error-code": "BlobNotFound"}),
            "the blob endpoint refuses: 404 BlobNotFound",
            "BlobNotFound",
        ),
        (Answer(400, {}, b"<html>"), "the blob endpoint refuses: 400", ""),
        (Answer(403, {}, b"<Error/>"), "the blob endpoint refuses: 403", ""),
    ],
    ids=["in XML", "of a HEAD", "no XML", "empty"],
)
def test_a_refusal_is_told_in_one_line(answer: Answer, said: str, code: str) -> None:
    failed = refusal(answer)
    assert (failed.message, failed.status, failed.code) == (said, answer.status, code)
