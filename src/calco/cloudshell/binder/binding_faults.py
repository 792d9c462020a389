"""What goes wrong between a command's arguments and its parameters, in PowerShell 7's words.

Source: PowerShell, src/System.Management.Automation/resources/ParameterBinderStrings.resx and Metadata.resx.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from calco.cloudshell.cmdlet import Kind, Parameter
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.objects.number_format import number_text
from calco.cloudshell.syntax import Place

BINDING = "System.Management.Automation.ParameterBindingException"
VALIDATION = "System.Management.Automation.ParameterBindingValidationException"


@dataclass(frozen=True)
class Faults:
    """Those of one command at one place."""

    command: str
    at: Place | None

    def of(self, id: str, message: str, exception: str = BINDING, category: str = "InvalidArgument") -> Terminating:
        return Terminating(Fault(message, f"{id},{self.command}", category, exception, self.at, self.command))

    def unknown_name(self, name: str) -> Terminating:
        return self.of("NamedParameterNotFound", f"A parameter cannot be found that matches parameter name '{name}'.")

    def ambiguous_name(self, name: str, matches: Iterable[str]) -> Terminating:
        return self.of(
            "AmbiguousParameter",
            f"Parameter cannot be processed because the parameter name '{name}' is ambiguous. Possible matches "
            f"include:{''.join(f' -{each}' for each in matches)}.",
        )

    def no_place(self, argument: str) -> Terminating:
        return self.of(
            "PositionalParameterNotFound",
            f"A positional parameter cannot be found that accepts argument '{argument}'.",
        )

    def no_argument(self, parameter: Parameter) -> Terminating:
        return self.of(
            "MissingArgument",
            f"Missing an argument for parameter '{parameter.name}'. Specify a parameter of type "
            f"'{type_name(parameter.kind)}' and try again.",
        )

    def twice(self, parameter: Parameter) -> Terminating:
        return self.of(
            "ParameterAlreadyBound",
            f"Cannot bind parameter because parameter '{parameter.name}' is specified more than once. To provide "
            "multiple values to parameters that can accept multiple values, use the array syntax. For example, "
            '"-parameter value1,value2,value3".',
        )

    def no_set(self) -> Terminating:
        return self.of(
            "AmbiguousParameterSet",
            "Parameter set cannot be resolved using the specified named parameters. One or more parameters issued "
            "cannot be used together or an insufficient number of parameters were provided.",
        )

    def missing(self, names: Iterable[str]) -> Terminating:
        return self.of(
            "MissingMandatoryParameter",
            f"Cannot process command because of one or more missing mandatory parameters: {' '.join(names)}.",
        )

    def empty(self, parameter: Parameter, what: str, id: str) -> Terminating:
        return self.of(
            f"ParameterArgumentValidationError{id}NotAllowed",
            f"Cannot bind argument to parameter '{parameter.name}' because it is {what}.",
            VALIDATION,
            "InvalidData",
        )

    def not_a_choice(self, parameter: Parameter, given: str) -> Terminating:
        return self._not_valid(
            parameter,
            f'The argument "{given}" does not belong to the set "{",".join(parameter.choices)}" specified by the '
            "ValidateSet attribute. Supply an argument that is in the set and then try the command again.",
        )

    def not_filled(self, parameter: Parameter) -> Terminating:
        return self._not_valid(
            parameter,
            "The argument is null or empty. Provide an argument that is not null or empty, and then try the command "
            "again.",
        )

    def out_of_range(self, parameter: Parameter, given: str, *, above: bool) -> Terminating:
        assert parameter.range is not None, "only what has a range is out of it"
        bound = number_text(parameter.range[1 if above else 0])
        side, limit, supply = ("greater", "maximum", "less") if above else ("less", "minimum", "greater")
        return self._not_valid(
            parameter,
            f"The {given} argument is {side} than the {limit} allowed range of {bound}. Supply an argument that is "
            f"{supply} than or equal to {bound} and then try the command again.",
        )

    def not_as_the_pattern(self, parameter: Parameter, given: str) -> Terminating:
        return self._not_valid(
            parameter,
            f'The argument "{given}" does not match the "{parameter.pattern}" pattern. Supply an argument that matches '
            f'"{parameter.pattern}" and try the command again.',
        )

    def _not_valid(self, parameter: Parameter, why: str) -> Terminating:
        return self.of(
            "ParameterArgumentValidationError",
            f"Cannot validate argument on parameter '{parameter.name}'. {why}",
            VALIDATION,
            "InvalidData",
        )

    def not_converted(self, parameter: Parameter, why: str) -> Terminating:
        return self.of("CannotConvertArgumentNoMessage", f"Cannot bind parameter '{parameter.name}'. {why}")

    def several(self, parameter: Parameter) -> Terminating:
        return self.of(
            "CannotConvertArgument",
            f"Cannot convert 'System.Object[]' to the type '{type_name(parameter.kind)}' required by parameter "
            f"'{parameter.name}'. Specified method is not supported.",
        )

    def block_without_input(self, parameter: Parameter) -> Terminating:
        return self.of(
            "ScriptBlockArgumentNoInput",
            f"Cannot evaluate parameter '{parameter.name}' because its argument is specified as a script block and "
            "there is no input. A script block cannot be evaluated without input.",
            category="MetadataError",
        )

    def not_bound(self) -> Terminating:
        return self.of(
            "InputObjectNotBound",
            "The input object cannot be bound to any parameters for the command either because the command does not "
            "take pipeline input or the input and its properties do not match any of the parameters that take pipeline "
            "input.",
        )

    def not_enough(self, names: Iterable[str]) -> Terminating:
        return self.of(
            "InputObjectMissingMandatory",
            "The input object cannot be bound because it did not contain the information required to bind all "
            f"mandatory parameters:  {' '.join(names)}",
        )


TYPES = {
    Kind.SWITCH: "System.Management.Automation.SwitchParameter",
    Kind.HASHTABLE: "System.Collections.Hashtable",
    Kind.SCRIPT: "System.Management.Automation.ScriptBlock",
    Kind.SECURE: "System.Security.SecureString",
    Kind.CREDENTIAL: "System.Management.Automation.PSCredential",
    Kind.ANY: "System.Management.Automation.PSObject",
    Kind.ANYS: "System.Management.Automation.PSObject[]",
}


def type_name(kind: Kind) -> str:
    """The .NET type's full name."""
    return TYPES.get(kind, f"System.{kind.value}")
