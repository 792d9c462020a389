"""Rows of networks, NICs and public addresses."""

from calco.arm import network_interface, network_security_group, operation, public_address, usage, virtual_network
from calco.arm.route_patterns import GROUP, PROVIDERS, resource
from calco.arm.router import Route

_LOCATION = f"{PROVIDERS}/Microsoft.Network/locations/{{location}}"
_SECURITY = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/{{name}}"
_NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/{{name}}"


def _security_groups() -> list[Route]:
    type = "Microsoft.Network/networkSecurityGroups"
    rules, defaults = f"{_SECURITY}/securityRules", f"{_SECURITY}/defaultSecurityRules"
    write, read, delete = (f"{type}/securityRules/{each}" for each in ("write", "read", "delete"))
    read_defaults = f"{type}/defaultSecurityRules/read"
    return [
        *resource(
            type,
            put=network_security_group.put,
            get=network_security_group.get,
            delete=network_security_group.delete,
            list_group=network_security_group.list_group,
            list_all=network_security_group.list_all,
            patch=network_security_group.patch,
        ),
        Route("PUT", f"{rules}/{{rule}}", network_security_group.put_rule, write, long_running=True),
        Route("GET", f"{rules}/{{rule}}", network_security_group.get_rule, read),
        Route("DELETE", f"{rules}/{{rule}}", network_security_group.delete_rule, delete, long_running=True),
        Route("GET", rules, network_security_group.list_rules, read),
        Route("GET", f"{defaults}/{{rule}}", network_security_group.get_rule, read_defaults),
        Route("GET", defaults, network_security_group.list_default_rules, read_defaults),
    ]


NETWORK: tuple[Route, ...] = (
    *_security_groups(),
    *resource(
        "Microsoft.Network/virtualNetworks",
        put=virtual_network.put,
        get=virtual_network.get,
        delete=virtual_network.delete,
        list_group=virtual_network.list_group,
        list_all=virtual_network.list_all,
        patch=virtual_network.patch,
    ),
    Route(
        "PUT",
        f"{_NETWORK}/subnets/{{subnet}}",
        virtual_network.put_subnet,
        "Microsoft.Network/virtualNetworks/subnets/write",
        long_running=True,
    ),
    Route(
        "GET",
        f"{_NETWORK}/subnets/{{subnet}}",
        virtual_network.get_subnet,
        "Microsoft.Network/virtualNetworks/subnets/read",
    ),
    Route(
        "DELETE",
        f"{_NETWORK}/subnets/{{subnet}}",
        virtual_network.delete_subnet,
        "Microsoft.Network/virtualNetworks/subnets/delete",
        long_running=True,
    ),
    Route(
        "GET",
        f"{_NETWORK}/subnets",
        virtual_network.list_subnets,
        "Microsoft.Network/virtualNetworks/subnets/read",
    ),
    *resource(
        "Microsoft.Network/networkInterfaces",
        put=network_interface.put,
        get=network_interface.get,
        delete=network_interface.delete,
        list_group=network_interface.list_group,
        list_all=network_interface.list_all,
        patch=network_interface.patch,
    ),
    *resource(
        "Microsoft.Network/publicIPAddresses",
        put=public_address.put,
        get=public_address.get,
        delete=public_address.delete,
        list_group=public_address.list_group,
        list_all=public_address.list_all,
        patch=public_address.patch,
    ),
    Route("GET", f"{_LOCATION}/usages", usage.list_network, "Microsoft.Network/locations/usages/read"),
    Route(
        "GET",
        f"{_LOCATION}/CheckDnsNameAvailability",
        public_address.check_name,
        "Microsoft.Network/locations/checkDnsNameAvailability/read",
    ),
    Route(
        "GET",
        f"{_LOCATION}/operations/{{operation}}",
        operation.get_network,
        "Microsoft.Network/locations/operations/read",
    ),
    Route(
        "GET",
        f"{_LOCATION}/operationResults/{{operation}}",
        operation.get_network_result,
        "Microsoft.Network/locations/operationResults/read",
    ),
)
