"""Rows of templates' deployments. Their operations are found at two paths: some clients leave the provider out."""

from calco import template
from calco.arm import deployment
from calco.arm.route_patterns import GROUP
from calco.arm.router import Route
from calco.model.deployment import KIND

_ALL = f"{GROUP}/providers/{KIND}"
_ONE = f"{_ALL}/{{name}}"
_SHORT = f"{GROUP}/deployments/{{name}}"

_READ_OPERATIONS = f"{KIND}/operations/read"

DEPLOYMENTS: tuple[Route, ...] = (
    Route("PUT", _ONE, deployment.put, f"{KIND}/write", long_running=True, decode=template.read_body, heavy=True),
    Route("GET", _ONE, deployment.get, f"{KIND}/read"),
    Route("HEAD", _ONE, deployment.head, f"{KIND}/read"),
    Route("DELETE", _ONE, deployment.delete, f"{KIND}/delete", long_running=True),
    Route("GET", _ALL, deployment.list_group, f"{KIND}/read", lists=True),
    Route("POST", f"{_ONE}/cancel", deployment.cancel, f"{KIND}/cancel/action"),
    Route(
        "POST",
        f"{_ONE}/validate",
        deployment.validate,
        f"{KIND}/validate/action",
        decode=template.read_body,
        heavy=True,
    ),
    Route("POST", f"{_ONE}/whatIf", deployment.preview, f"{KIND}/whatIf/action", decode=template.read_body, heavy=True),
    Route("GET", f"{_ONE}/operations", deployment.list_operations, _READ_OPERATIONS),
    Route("GET", f"{_ONE}/operations/{{part}}", deployment.get_operation, _READ_OPERATIONS),
    Route("GET", f"{_SHORT}/operations", deployment.list_operations, _READ_OPERATIONS),
    Route("GET", f"{_SHORT}/operations/{{part}}", deployment.get_operation, _READ_OPERATIONS),
    Route("GET", f"{_ONE}/operationStatuses/{{operation}}", deployment.get_status, f"{KIND}/operationStatuses/read"),
)
