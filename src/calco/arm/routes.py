"""Everything the API can do, one row each: what is asked, which noun answers, which right it takes."""

from calco.arm.router import Route
from calco.arm.routes_authorization import AUTHORIZATION
from calco.arm.routes_calco import CALCO
from calco.arm.routes_compute import COMPUTE
from calco.arm.routes_deployments import DEPLOYMENTS
from calco.arm.routes_insights import INSIGHTS
from calco.arm.routes_inspection import INSPECTION
from calco.arm.routes_making import MAKING
from calco.arm.routes_network import NETWORK
from calco.arm.routes_resources import RESOURCES
from calco.arm.routes_storage import STORAGE

ROUTES: tuple[Route, ...] = (
    *RESOURCES,
    *AUTHORIZATION,
    *COMPUTE,
    *INSPECTION,
    *NETWORK,
    *STORAGE,
    *CALCO,
    *MAKING,
    *INSIGHTS,
    *DEPLOYMENTS,
)
