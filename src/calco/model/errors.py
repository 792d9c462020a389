"""Azure's refusals as values with names. ``code`` is for programs, ``message`` for people.

Where Azure's sentence does not say how to mend it, ours is added behind it. Sources: recorded traffic and Azure's
"Common VM error codes" unless a line says otherwise; sentences marked "ours" have no known original.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from calco.model.ids import ResourceId


@dataclass(eq=False)  # not frozen: contextlib sets __traceback__ on its way out
class ApiError(Exception):
    """What the edge shows as ``{"error": {...}}`` with HTTP ``status``."""

    status: int
    code: str
    message: str
    target: str | None = None
    details: "tuple[ApiError, ...]" = ()

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


# --- the request itself ----------------------------------------------------------------------------------------------


def bad_content(detail: str) -> ApiError:
    return ApiError(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{detail}'.",
    )


def too_large(limit_bytes: int) -> ApiError:
    return ApiError(
        413,
        "RequestEntityTooLarge",
        f"The request content size exceeds the maximum of {limit_bytes} bytes. Send a smaller body.",
    )


def too_slow() -> ApiError:
    """The code is HTTP's name of the status, as that of 413 is; none is recorded."""
    return ApiError(408, "RequestTimeout", "The request's body took too long to come. Send the request again.")


def missing(parameter: str) -> ApiError:
    return ApiError(400, "InvalidParameter", f"Required parameter '{parameter}' is missing (null).", parameter)


def invalid(parameter: str, why: str = "") -> ApiError:
    more = f" {why}" if why else ""
    return ApiError(400, "InvalidParameter", f"The value of parameter {parameter} is invalid.{more}", parameter)


def not_allowed(parameter: str) -> ApiError:
    return ApiError(400, "InvalidParameter", f"Parameter '{parameter}' is not allowed.", parameter)


def bad_request(message: str, target: str | None = None) -> ApiError:
    return ApiError(400, "BadRequest", message, target)


def not_supported(what: str) -> ApiError:
    """Ours: an honest answer for what Azure has and calco does not have yet."""
    return ApiError(
        400,
        "NotSupported",
        f"{what} is not supported by calco yet. Leave it out of the request.",
        what.split(maxsplit=1)[0],
    )


def not_here(act: str, instead: str) -> ApiError:
    """Ours: an honest answer for what has no meaning here. ``instead``: what one can do, in sentences."""
    return ApiError(400, "NotSupported", f"{act} is not supported by calco. {instead}", act)


def bad_linked_id(text: str, path: str) -> ApiError:
    return ApiError(
        400,
        "LinkedInvalidPropertyId",
        f"Property id '{text[:300]}' at path '{path}' is invalid. Expect fully qualified resource Id that start with "
        "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
        path,
    )


def other_subscription(request: str, named: str) -> ApiError:
    return ApiError(
        400,
        "InvalidParameter",
        f"Subscription {request} of the request must match the subscription {named} contained in the managed disk id.",
    )


def location_required() -> ApiError:
    return ApiError(400, "LocationRequired", "The location property is required for this definition.")


def location_not_available(location: str, type: str, offered: Iterable[str]) -> ApiError:
    return ApiError(
        400,
        "LocationNotAvailableForResourceType",
        f"The provided location '{location[:100]}' is not available for resource type '{type}'. "
        f"List of available regions for the resource type is '{','.join(offered)}'.",
    )


def bad_resource_name(name: str, why: str) -> ApiError:
    return ApiError(400, "InvalidResourceName", f"Resource name {name[:120]} is invalid. {why}", "name")


# --- what is there and what is not -----------------------------------------------------------------------------------


def subscription_not_found(id: str) -> ApiError:
    return ApiError(404, "SubscriptionNotFound", f"The subscription '{id[:100]}' could not be found.")


def group_not_found(name: str) -> ApiError:
    return ApiError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def group_being_deleted(name: str) -> ApiError:
    return ApiError(
        409,
        "ResourceGroupBeingDeleted",
        f"The resource group '{name}' is in deprovisioning state and cannot perform this operation.",
    )


def not_registered(namespace: str) -> ApiError:
    return ApiError(
        409,
        "MissingSubscriptionRegistration",
        f"The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how "
        "to register subscriptions.",
    )


def resource_not_found(id: ResourceId) -> ApiError:
    return ApiError(
        404,
        "ResourceNotFound",
        f"The Resource '{id.namespace}/{'/'.join(f'{t}/{n}' for t, n in zip(id.types, id.names, strict=True))}' under "
        f"resource group '{id.group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def parent_not_found(parent: str) -> ApiError:
    return ApiError(
        404,
        "ParentResourceNotFound",
        f"Can not perform requested operation on nested resource. Parent resource '{parent}' not found.",
    )


def other_location(id: ResourceId, there: str, wanted: str) -> ApiError:
    return ApiError(
        409,
        "InvalidResourceLocation",
        f"The resource '{id.name}' already exists in location '{there}' in resource group '{id.group}'. A resource "
        f"with the same name cannot be created in location '{wanted}'. Please select a new resource name.",
    )


def reference_not_found(id: ResourceId, by: ResourceId) -> ApiError:
    return ApiError(
        400,
        "InvalidResourceReference",
        f"Resource {id} referenced by resource {by} was not found. Please make sure that the referenced resource "
        "exists, and that both resources are in the same region.",
    )


def linked_not_found(name: str) -> ApiError:
    return ApiError(404, "NotFound", f"Resource {name} is not found.")


def source_machine_not_found(name: str) -> ApiError:
    return ApiError(
        404,
        "NotFound",
        f"Source Virtual Machine '{name}' specified in the request does not exist in this Azure location.",
        "sourceVirtualMachine",
    )


def image_not_found(id: str, location: str) -> ApiError:
    return ApiError(404, "NotFound", f"The Image '{id}' cannot be found in '{location}' region.", "imageReference")


def platform_image_not_found(urn: str, hint: str = "") -> ApiError:
    """``hint``: what one can do instead, a sentence."""
    return ApiError(
        404,
        "PlatformImageNotFound",
        f"The platform image '{urn[:300]}' is not available. Verify that all fields in the storage profile are "
        "correct. For more details about storage profile information, please refer to https://aka.ms/storageprofile"
        + (f" {hint}" if hint else ""),
        "imageReference",
    )


# --- state -----------------------------------------------------------------------------------------------------------


def refused(message: str, target: str | None = None) -> ApiError:
    """OperationNotAllowed: the state of things forbids it. Always 409 (19 of 19 recorded)."""
    return ApiError(409, "OperationNotAllowed", message, target)


def machine_generalized(act: str, machine: str) -> ApiError:
    return refused(f"Operation '{act}' is not allowed on VM '{machine}' since the VM is generalized.")


def machine_running(act: str, machine: str) -> ApiError:
    return refused(
        f"Operation '{act}' is not allowed on VM '{machine}' since the VM is running. Please power off explicitly in "
        "case you shut down the VM from inside the guest operating system."
    )


def machine_deallocated(act: str, machine: str) -> ApiError:
    return refused(
        f"Operation '{act}' is not allowed on VM '{machine}' since the VM is either deallocated or marked to be "
        "deallocated."
    )


def machine_not_deallocated(act: str, machine: str) -> ApiError:
    return refused(f"Operation '{act}' is not allowed on VM '{machine}' since the VM is not deallocated.")


def extensions_need_power() -> ApiError:
    """Run commands are extensions to Azure."""
    return refused("Cannot modify extensions in the VM when the VM is not running.")


def machine_not_running() -> ApiError:
    return refused("The operation requires the VM to be running (or set to run).")


def machine_busy(act: str, machine: str) -> ApiError:
    return refused(
        f"Operation '{act}' is not allowed on VM '{machine}' since another operation is in progress. Wait for it to "
        "end and try again."
    )


def resource_busy(id: ResourceId) -> ApiError:
    return ApiError(
        409,
        "Conflict",
        f"The request failed due to conflict with a concurrent request on '{id}'. Wait for it to end and try again.",
    )


def not_generalized(machine: str) -> ApiError:
    return refused(
        f"The operation 'Create Image' requires the Virtual Machine '{machine}' to be Generalized.",
        "sourceVirtualMachine",
    )


def image_in_use(machines: Iterable[str], image: str) -> ApiError:
    return refused(
        f"Operation 'Delete' is not allowed since the Virtual Machines '{', '.join(machines)}' are being provisioned "
        f"using the Image '{image}'."
    )


def image_not_ready(resource: str, image: str) -> ApiError:
    return refused(
        f"The resource {resource} cannot be created from Image {image} until Image has been successfully created."
    )


def disk_attached(disk: str, machine: ResourceId | None) -> ApiError:
    return refused(f"Disk {disk} is attached to VM {machine}.")


def access_outstanding(disk: str, doing: str) -> ApiError:
    return refused(
        f"There is an active shared access signature outstanding for disk {disk}. Call EndGetAccess before {doing}.",
        "disk",
    )


def disk_owned(disk: str, machine: str) -> ApiError:
    return ApiError(
        409,
        "ConflictingUserInput",
        f"Disk '{disk}' cannot be attached as the disk is already owned by VM '{machine}'.",
    )


def smaller_than_image(wanted_gb: int, image_gb: int, target: str) -> ApiError:
    return refused(
        f"The specified disk size {wanted_gb} GB is smaller than the size of the corresponding disk in the VM image: "
        f"{image_gb} GB. This is not allowed. Please choose equal or greater size or do not specify an explicit size.",
        target,
    )


def luns_missing() -> ApiError:
    return ApiError(
        400,
        "InvalidParameter",
        "StorageProfile.dataDisks.lun does not have required value(s) for image specified in storage profile.",
        "storageProfile",
    )


def lun_taken(lun: int) -> ApiError:
    return ApiError(400, "InvalidParameter", f"A disk at LUN {lun} already exists.", "dataDisk.lun")


def too_many_disks(limit: int) -> ApiError:
    return refused(f"The maximum number of data disks allowed to be attached to a VM of this size is {limit}.")


def property_change(path: str) -> ApiError:
    return ApiError(409, "PropertyChangeNotAllowed", f"Changing property '{path}' is not allowed.", path)


def wrong_generation(size: str, generation: str) -> ApiError:
    number = generation[-1]
    return bad_request(
        f"The selected VM size '{size}' cannot boot Hypervisor Generation '{number}'. If this was a Create operation "
        "please check that the Hypervisor Generation of the Image matches the Hypervisor Generation of the selected VM "
        f"Size. If this was an Update operation please select a Hypervisor Generation '{number}' VM Size. For more "
        "information, see https://aka.ms/azuregen2vm"
    )


def security_type(type: str) -> ApiError:
    """The first two sentences are Azure's for an image that does not do it; the rest is ours."""
    return bad_request(
        f"Use of {type[:40]} setting is not supported for the provided image. Please select Trusted Launch Supported "
        "Gen2 OS Image. For more information, see https://aka.ms/TrustedLaunch-FAQ. No machine of calco has a virtual "
        "TPM or secure boot: leave securityProfile out of the request, or send securityType 'Standard' (az: "
        "--security-type Standard).",
        "securityProfile.securityType",
    )


def nic_in_use(nic: ResourceId, machine: ResourceId) -> ApiError:
    return ApiError(
        400,
        "NicInUse",
        f"Network Interface {nic} is used by existing resource {machine}. In order to delete the network interface, it "
        "must be dissociated from the resource. To learn more, see aka.ms/deletenic.",
    )


# --- what goes wrong inside an operation -----------------------------------------------------------------------------


def no_room() -> ApiError:
    return ApiError(
        409,
        "AllocationFailed",
        "Allocation failed. Please try reducing the VM size or number of VMs, retry later, or try deploying to a "
        "different Availability Set or different Azure location.",
    )


def store_full() -> ApiError:
    """Ours: Azure's disks do not fill up."""
    return ApiError(
        409,
        "AllocationFailed",
        "Allocation failed. There is no space left for volumes on this machine. Delete disks or images that are no "
        "longer needed, or move the data directory to a larger disk.",
    )


PREEMPTED = "OperationPreempted"


def preempted() -> ApiError:
    """The operation's subject is to be deleted; the operation itself ends as ``Canceled``. Source: a machine deleted
    while it was created, quoted in azure-sdk-for-java issue 1783."""
    return ApiError(409, PREEMPTED, "The operation has been preempted by a more recent operation.")


_MORE_THAN_TWENTY = (
    "\r\n * If you are deploying more than 20 Virtual Machines concurrently, consider moving your custom image to "
    "shared image gallery. Please refer to https://aka.ms/movetosig for the same."
)
"""Source: answers quoted in public issues, ManageIQ 22384 for one."""


def pool_gone(what: str, pools: Iterable[str]) -> ApiError:
    """Ours: a zone that is gone, as its storage shows it."""
    names = ", ".join(f"'{each}'" for each in pools)
    return ApiError(
        409,
        "AllocationFailed",
        f"Allocation failed. {what} lies in storage pool {names}, which is not there. Bring the pool's folder back, or "
        "use another zone and an image that was created with zoneResilient.",
    )


def provisioning_timed_out(machine: str, *, custom_image: bool = False) -> ApiError:
    return ApiError(
        409,
        "OSProvisioningTimedOut",
        f"OS Provisioning for VM '{machine}' did not finish in the allotted time. The VM may still finish provisioning "
        "successfully. Please check provisioning state later. Also, make sure the image has been properly prepared "
        f"(generalized).{_MORE_THAN_TWENTY if custom_image else ''}",
    )


def provisioning_failed(machine: str, said: str) -> ApiError:
    """``said`` is the guest's own account: shown as it is, never interpreted."""
    return ApiError(
        409,
        "OSProvisioningClientError",
        f"OS provisioning failed for VM '{machine}'. The guest said: {said}",
    )


def unexpected(request_id: str) -> ApiError:
    """Ours: the service itself is at fault, and its log says why under that id."""
    return ApiError(500, "InternalServerError", f"The server met an unexpected error. The log has it as {request_id}.")


def internal() -> ApiError:
    return ApiError(500, "InternalExecutionError", "An internal execution error occurred.")
