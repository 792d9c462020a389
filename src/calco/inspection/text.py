"""Text as Windows writes it into files and hives."""

import codecs


def utf_16(content: bytes) -> str:
    """UTF-16, little-endian, without a mark; what is none becomes U+FFFD. By the codec's own function: looked up by
    its name it would be imported when it is first used, and the child may not open a file then."""
    return codecs.utf_16_le_decode(content[: len(content) & ~1], "replace", True)[0]


def text_of_file(content: bytes) -> str:
    """A file's text: UTF-16 by its mark or by its zeros, else UTF-8."""
    if content.startswith(codecs.BOM_UTF16_LE):
        return utf_16(content[2:])
    if len(content) >= 2 and content[1:64:2].count(0) * 2 > len(content[1:64:2]):
        return utf_16(content)
    return content.removeprefix(codecs.BOM_UTF8).decode(errors="replace")


def text_of_tail(content: bytes) -> str:
    """Text of a file's last bytes: the first line may have lost its beginning, a character its first half."""
    if content[:64:2].count(0) * 2 > len(content[:64:2]):
        content = content[1:]  # cut between the two bytes of a character
    return text_of_file(content)
