"""What is put for a resource; for a deployment inside the template, the inner deployment's own body.

An inner template with scope ``inner`` goes as it is, and means what it means there. With ``outer``, which Azure takes
when nothing is said, its expressions are evaluated here, with this template's parameters and variables.
Source: Azure, "Using linked and nested templates", expression evaluation scope.
"""

from dataclasses import replace

from calco.model.document import Document, Json
from calco.template.evaluation import Scope
from calco.template.faults import Fault, has_members
from calco.template.language import is_expression
from calco.template.resources import HEAD
from calco.template.values import member


def shaped(scope: Scope, source: Document, deployment: bool) -> Document:
    """The body of a PUT. Raises Fault, and Postponed when ``scope`` does not keep what must wait."""
    rest = {name: each for name, each in source.items() if name.lower() not in HEAD}
    if not deployment:
        return has_members(scope.resolve(rest))
    name = member(rest, "properties")
    properties = has_members(rest.pop(name)) if name is not None else {}
    body = has_members(scope.resolve(rest))
    body["properties"] = _deployment(scope, properties)
    return body


def _deployment(scope: Scope, properties: Document) -> Document:
    known = {name.lower(): name for name in properties}
    if "templatelink" in known or "parameterslink" in known:
        raise Fault("A linked template is not supported by calco: put the template itself into 'properties.template'")
    template = properties.get(known.get("template", ""))
    if not isinstance(template, dict):
        raise Fault("A deployment needs 'properties.template'")
    options = has_members(scope.resolve(properties.get(known.get("expressionevaluationoptions", ""))))
    said = options.get(member(options, "scope") or "")
    inner = isinstance(said, str) and said.lower() == "inner"
    left = {"template", "expressionevaluationoptions"}
    made = has_members(scope.resolve({name: properties[name] for key, name in known.items() if key not in left}))
    made["template"] = template if inner else replace(scope, nested=True, keep=True).resolve(template)
    return made


def waits(value: Json) -> bool:
    """Whether an expression is left in ``value``, which was made by a scope that keeps what must wait."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str) and is_expression(each):
            return True
        if isinstance(each, list):
            left.extend(each)
        elif isinstance(each, dict):
            left.extend((*each, *each.values()))
    return False
