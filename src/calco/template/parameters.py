"""A template's parameters: what they may be, what was given for them, what they are."""

from collections.abc import Mapping
from types import MappingProxyType

from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.template import faults
from calco.template.evaluation import Scope, World
from calco.template.faults import Fault, Unreadable, short
from calco.template.function import Place
from calco.template.values import kind_of, member, same, text_of

MAX_PARAMETERS = 256
"""Source: Azure, "Best practices for ARM templates", template limits; variables too."""

SHOWN_TYPES: Mapping[str, str] = MappingProxyType(
    {each.lower(): each for each in ("String", "Int", "Bool", "Object", "Array", "SecureString", "SecureObject")}
)
"""Every type, by its name in lower case, as answers spell it."""
_EXPECTED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "string": ("String, Uri", "String"),
        "securestring": ("String, Uri", "String"),
        "int": ("Integer", "Integer"),
        "bool": ("Boolean", "Boolean"),
        "object": ("Object", "Object"),
        "secureobject": ("Object", "Object"),
        "array": ("Array", "Array"),
    }
)
SECURE = frozenset({"securestring", "secureobject"})
SECRET_LENGTH = 4
"""Shorter ones are no secrets, and would be found in any sentence."""
_USAGE = "Please see https://aka.ms/arm-syntax-parameters for usage details."


def type_of(declared: Json) -> str:
    """The type that a parameter or output declares, in lower case; empty when it is none."""
    found = faults.has_members(declared).get("type")
    return found.lower() if isinstance(found, str) and found.lower() in SHOWN_TYPES else ""


def mismatch(type: str, value: Json) -> str | None:
    """What is wrong with ``value`` as a ``type``: ``Expected 'String, Uri'. Actual 'Object'``; None: nothing."""
    expected, kind = _EXPECTED[type]
    return None if kind_of(value) == kind else f"Expected '{expected}'. Actual '{kind_of(value)}'"


def secure_names(template: Document) -> frozenset[str]:
    """The parameters whose values are secret, in lower case: of type secureString or secureObject."""
    declared = faults.has_members(template.get("parameters"))
    return frozenset(name.lower() for name, each in declared.items() if type_of(each) in SECURE)


def secrets(template: Document, given: Document) -> tuple[str, ...]:
    """The texts that no message may repeat, longest first: what was given for secure parameters."""
    wanted = secure_names(template)
    found: set[str] = set()
    left: list[Json] = [each for name, each in given.items() if name.lower() in wanted]
    while left:
        each = left.pop()
        if isinstance(each, str) and len(each) >= SECRET_LENGTH:
            found.update((each, each[: faults.SHOWN]))
        elif isinstance(each, list | dict):
            left.extend(each if isinstance(each, list) else each.values())
    return tuple(sorted(found, key=len, reverse=True))


def veiled(refused: ApiError, hidden: tuple[str, ...]) -> ApiError:
    """``refused`` without what is ``hidden``: a function's sentence may repeat what it was given."""
    message = refused.message
    for each in hidden:
        message = message.replace(each, "***")
    details = tuple(veiled(each, hidden) for each in refused.details)
    return ApiError(refused.status, refused.code, message, refused.target, details)


class Parameters:
    """``world`` is set before the first value is asked for: a default value is an expression in it."""

    world: World

    def __init__(self, template: Document, given: Document) -> None:
        self.template = template
        declared = template.get("parameters")
        if declared is not None and not isinstance(declared, dict):
            raise faults.wrong_shape("properties.template.parameters", "An object")
        self.declared: Document = declared or {}
        if len(self.declared) > MAX_PARAMETERS:
            raise faults.too_much("parameters", MAX_PARAMETERS, len(self.declared))
        self._names = {name.lower(): name for name in self.declared}
        self._given = {name.lower(): each for name, each in given.items()}
        self._values: dict[str, Json] = {}
        self._under_way: set[str] = set()
        self._refuse_strangers(given)

    def _refuse_strangers(self, given: Document) -> None:
        strangers = [name for name in given if name.lower() not in self._names]
        if strangers:
            raise faults.invalid(
                f"The template parameters '{short(', '.join(strangers))}' in the parameters file are not valid; they "
                "are not present in the original template and can therefore not be provided at deployment time. The "
                f"only supported parameters for this template are '{short(', '.join(self.declared))}'. Please see "
                "https://aka.ms/arm-pass-parameter-values for usage details."
            )

    def all(self) -> Document:
        """Every parameter's value, by the names the template declares. Raises ApiError."""
        return {name: self.value(name) for name in self.declared}

    def shown(self) -> Document:
        """As Azure shows them: secure ones without value."""
        return {name: show(type_of(self.declared[name]), value) for name, value in self.all().items()}

    def given(self) -> Document:
        """What was given for parameters that are not secure."""
        secret = secure_names(self.template)
        return {self._names[key]: each for key, each in self._given.items() if key not in secret}

    def value(self, name: str) -> Json:
        """Raises Fault when there is no such parameter, ApiError when it has no good value."""
        key = name.lower()
        if key not in self._names:
            raise Fault(
                f"The template parameter '{short(name)}' is not found. Please see "
                "https://aka.ms/arm-template/#parameters for usage details"
            )
        if key not in self._values:
            if key in self._under_way:
                raise Fault(f"The template parameter '{short(name)}' refers to itself, directly or through others")
            self._under_way.add(key)
            try:
                self._values[key] = self._found(self._names[key])
            finally:
                self._under_way.discard(key)
        return self._values[key]

    def _where(self, name: str) -> str:
        return faults.at(self.template, "parameters", name)

    def _found(self, name: str) -> Json:
        declared = self.declared[name]
        if not isinstance(declared, dict):
            raise faults.wrong_shape(f"properties.template.parameters.{name}", "An object")
        type = type_of(declared)
        if not type:
            raise faults.parameter_fault(
                name,
                self._where(name),
                f"The type '{short(text_of(declared.get('type')))}' is not supported: a parameter is one of "
                f"'{', '.join(SHOWN_TYPES.values())}'",
            )
        value, nullable = self._value(name, declared), declared.get("nullable") is True
        if value is None and nullable:
            return None
        self._check(name, type, declared, value)
        return value

    def _value(self, name: str, declared: Document) -> Json:
        given = self._given.get(name.lower())
        if given is not None:
            if not isinstance(given, dict) or not ({"value", "reference"} & given.keys()):
                raise faults.wrong_shape(f"properties.parameters.{name}", "An object with 'value'")
            if "reference" in given:
                raise faults.parameter_fault(
                    name, self._where(name), "References to a Key Vault are not supported by calco: send a value"
                )
            return given["value"]
        default = member(declared, "defaultValue")
        if default is not None:
            try:
                return Scope(self.world, Place.PARAMETER).resolve(declared[default])
            except Unreadable as unreadable:
                raise faults.unreadable(str(unreadable)) from None
            except Fault as fault:
                raise faults.parameter_fault(name, self._where(name), str(fault)) from None
        if declared.get("nullable") is True:
            return None
        raise faults.invalid(
            f"The value for the template parameter '{short(name)}' {self._where(name)} is not provided. Please see "
            "https://aka.ms/arm-create-parameter-file for usage details.",
            f"properties.template.parameters.{name}",
        )

    def _check(self, name: str, type: str, declared: Document, value: Json) -> None:
        wrong = mismatch(type, value)
        if wrong is not None:
            raise faults.invalid(
                f"Template parameter JToken type is not valid. {wrong}. Please see "
                "https://aka.ms/resource-manager-parameter-files for usage details.",
                f"properties.template.parameters.{name}",
            )
        allowed = declared.get("allowedValues")
        if isinstance(allowed, list) and not _allowed(value, allowed):
            said = "" if type in SECURE else f" '{short(text_of(value))}'"
            raise self._refused(
                name,
                f"The parameter value is not part of the allowed value(s): '{short(','.join(map(text_of, allowed)))}'",
                said,
            )
        self._check_bounds(name, declared, value)

    def _check_bounds(self, name: str, declared: Document, value: Json) -> None:
        if isinstance(value, int) and not isinstance(value, bool):
            size, words, least, most = value, "The value", "minValue", "maxValue"
        elif isinstance(value, str | list):
            size, words, least, most = len(value), "Length of the value", "minLength", "maxLength"
        else:
            return
        lower, upper = declared.get(least), declared.get(most)
        if isinstance(lower, int) and size < lower:
            raise self._refused(name, f"{words} should be greater than or equal to '{lower}'")
        if isinstance(upper, int) and size > upper:
            raise self._refused(name, f"{words} should be less than or equal to '{upper}'")

    def _refused(self, name: str, why: str, said: str = "") -> ApiError:
        return faults.invalid(
            f"The provided value{said} for the template parameter '{short(name)}' is not valid. {why}. {_USAGE}",
            f"properties.template.parameters.{name}",
        )


def _allowed(value: Json, allowed: list[Json]) -> bool:
    """An array may also be made of allowed values. Source: Azure, "Parameters in ARM templates", allowed values."""
    if any(same(value, each) for each in allowed):
        return True
    return isinstance(value, list) and bool(value) and all(any(same(one, each) for each in allowed) for one in value)


def show(type: str, value: Json) -> Document:
    """A parameter or output as answers have it: a secure one without its value."""
    return {"type": SHOWN_TYPES[type]} if type in SECURE else {"type": SHOWN_TYPES[type], "value": value}
