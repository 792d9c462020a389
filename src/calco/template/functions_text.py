"""Functions on text. Source: Azure, "String functions for ARM templates"."""

import base64 as encoding
import binascii
import uuid
from urllib.parse import quote, unquote, urljoin

from calco.model.document import Json
from calco.template import formats
from calco.template.faults import Fault, compact
from calco.template.function import Frame
from calco.template.hashing import guid_of, unique_text
from calco.template.json_text import read_json
from calco.template.values import MAX_TEXT, text_of


def base64(input_string: str) -> str:
    """The text's UTF-8 bytes in base 64."""
    return encoding.b64encode(input_string.encode()).decode()


def _decoded(function: str, value: str) -> str:
    try:
        return encoding.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        raise Fault(
            f"The template language function '{function}' expects its parameter to be a valid base64 string of UTF-8"
        ) from None


def base64_to_string(base64_value: str) -> str:
    """The text whose UTF-8 bytes are given in base 64."""
    return _decoded("base64ToString", base64_value)


def base64_to_json(base64_value: str) -> Json:
    """The JSON value whose UTF-8 bytes are given in base 64."""
    return read_json("base64ToJson", _decoded("base64ToJson", base64_value))


def data_uri(value: Json) -> str:
    """The value as a data URI; what is no text, as JSON."""
    type, text = ("text/plain", value) if isinstance(value, str) else ("application/json", compact(value))
    return f"data:{type};charset=utf8;base64,{base64(text)}"


def data_uri_to_string(data_uri_value: str) -> str:
    """The text that a data URI holds."""
    head, comma, data = data_uri_value.partition(",")
    if not comma or head[:5].lower() != "data:":
        raise Fault("The template language function 'dataUriToString' expects its parameter to be a valid data URI")
    return _decoded("dataUriToString", data) if head.lower().endswith(";base64") else unquote(data)


def uri(base_uri: str, relative_uri: str) -> str:
    """The absolute URI that the second means at the first."""
    try:
        joined = urljoin(base_uri, relative_uri)
    except ValueError:
        joined = ""
    if "://" not in joined:
        raise Fault("The template language function 'uri' expects its first parameter to be an absolute URI")
    return joined


def uri_component(string_to_encode: str) -> str:
    """The text as a part of a URI."""
    return quote(string_to_encode, safe="-_.~")


def uri_component_to_string(uri_encoded_string: str) -> str:
    """The text of a part of a URI."""
    return unquote(uri_encoded_string)


def to_lower(string_to_change: str) -> str:
    """The text in lower case."""
    return string_to_change.lower()


def to_upper(string_to_change: str) -> str:
    """The text in upper case."""
    return string_to_change.upper()


def trim(string_to_trim: str) -> str:
    """The text without blanks at its ends."""
    return string_to_trim.strip()


def replace(original_string: str, old_string: str, new_string: str) -> str:
    """The text with every occurrence of the second replaced by the third; case matters."""
    if not old_string:
        raise Fault("The template language function 'replace' expects its second parameter not to be empty")
    room = MAX_TEXT - len(original_string)
    if original_string.count(old_string) * (len(new_string) - len(old_string)) > room:
        raise too_long("replace")
    return original_string.replace(old_string, new_string)


def substring(string_to_parse: str, start_index: int, length: int | None = None) -> str:
    """The part of the text that begins at an index from 0; to its end unless a length is given."""
    end = len(string_to_parse) if length is None else start_index + length
    if start_index < 0 or not start_index <= end <= len(string_to_parse):
        raise Fault(
            "Unable to evaluate template language function 'substring': the index and length parameters must refer to "
            f"a location within the string. The index parameter: '{start_index}', the length parameter: "
            f"'{end - start_index}', the length of the string parameter: '{len(string_to_parse)}'"
        )
    return string_to_parse[start_index:end]


def split(frame: Frame, input_string: str, delimiter: str | list[Json]) -> list[Json]:
    """The parts of the text between delimiters: one text, or an array of them."""
    delimiters = [delimiter] if isinstance(delimiter, str) else [each for each in delimiter if isinstance(each, str)]
    frame.take(len(delimiters) * (len(input_string) >> 4))
    parts = [input_string]
    for each in delimiters:
        parts = [piece for part in parts for piece in part.split(each)] if each else parts
    return list(parts)


def join(input_array: list[Json], delimiter: str) -> str:
    """The array's values as one text, with the delimiter between them."""
    parts = [text_of(each) for each in input_array]
    if sum(map(len, parts)) + len(parts) * len(delimiter) > MAX_TEXT:
        raise too_long("join")
    return delimiter.join(parts)


def format(frame: Frame, format_string: str, *arguments: Json) -> str:
    """The text with ``{0}``, ``{1,5}`` and ``{0:D3}`` replaced by the arguments, as .NET does it."""
    frame.take(4 * (format_string.count("{") + format_string.count("}")))
    return formats.composite(format_string, arguments)


def pad_left(value_to_pad: str | int, total_length: int, padding_character: str = " ") -> str:
    """The value as text of that length, right-aligned behind padding characters."""
    if len(padding_character) != 1:
        raise Fault("The template language function 'padLeft' expects its third parameter to be a single character")
    if not 0 <= total_length <= 16:
        raise Fault(
            "The template language function 'padLeft' expects its second parameter, the total length, to be between 0 "
            f"and 16. The provided value is '{total_length}'"
        )
    return text_of(value_to_pad).rjust(total_length, padding_character)


def starts_with(string_to_search: str, string_to_find: str) -> bool:
    """Whether the text begins with the other; case does not matter."""
    return string_to_search.lower().startswith(string_to_find.lower())


def ends_with(string_to_search: str, string_to_find: str) -> bool:
    """Whether the text ends with the other; case does not matter."""
    return string_to_search.lower().endswith(string_to_find.lower())


def string(value: Json) -> str:
    """The value as text; arrays and objects as JSON without blanks."""
    return text_of(value)


def unique_string(frame: Frame, base_string: str, *further: str) -> str:
    """13 letters and digits, the same as Azure's for the same texts."""
    frame.take(sum(map(len, further), len(base_string)))
    return unique_text((base_string, *further))


def guid(base_string: str, *further: str) -> str:
    """A GUID, the same as Azure's for the same texts."""
    return guid_of((base_string, *further))


def new_guid(frame: Frame) -> str:
    """A GUID that no other deployment has; only in a parameter's default value."""
    return str(uuid.UUID(frame.new_guid()))


def too_long(name: str) -> Fault:
    return Fault(
        f"Unable to evaluate template language function '{name}': the result has more than '{MAX_TEXT}' characters"
    )


FUNCTIONS = (
    base64,
    base64_to_string,
    base64_to_json,
    data_uri,
    data_uri_to_string,
    uri,
    uri_component,
    uri_component_to_string,
    to_lower,
    to_upper,
    trim,
    replace,
    substring,
    split,
    join,
    format,
    pad_left,
    starts_with,
    ends_with,
    string,
    unique_string,
    guid,
)
