"""Who is signed in, and where: accounts, contexts, subscriptions, tenants, environments.

In the portal and in a terminal one is signed in already; Connect-AzAccount then says as whom. Source:
Azure/azure-powershell, Az.Accounts' reference of each cmdlet.
"""

from collections.abc import Iterable
from dataclasses import replace

from calco.cloudshell.api import Api
from calco.cloudshell.az.declaration import Takes, cmdlet, columns, of, optional, piped, plain, switch
from calco.cloudshell.az.record import at
from calco.cloudshell.az.target import argument, matches
from calco.cloudshell.cmdlet import Call, Column, Module, View
from calco.cloudshell.connection import Accounts, Connection
from calco.cloudshell.values import Hashtable, Record, SecureString, Value
from calco.model.document import Document, text_at
from calco.model.ids import is_guid

_PS = "Microsoft.Azure.Commands.Profile.Models."
CONTEXT, PROFILE = f"{_PS}Core.PSAzureContext", f"{_PS}Core.PSAzureProfile"
SUBSCRIPTION, TENANT, ENVIRONMENT = f"{_PS}PSAzureSubscription", f"{_PS}PSAzureTenant", f"{_PS}PSAzureEnvironment"
AUTOSAVE = "Microsoft.Azure.Commands.Common.Authentication.ContextAutosaveSettings"


# --- objects ---------------------------------------------------------------------------------------------------------


def context(api: Api) -> Record:
    """PSAzureContext of whoever is signed in."""
    subscription = _subscription(api.find(f"/subscriptions/{api.subscription_id}") or {}, api)
    kind = api.kind if isinstance(api, Connection) else "User"
    account = Record.of(f"{_PS}PSAzureRmAccount", {"Id": api.account, "Type": kind, "Tenants": [api.tenant_id]})
    name = subscription.get("Name") or api.subscription_id
    members: dict[str, Value] = {
        "Name": f"{name} ({api.subscription_id}) - {api.tenant_id} - {api.account}",
        "Account": account,
        "Environment": _environment(api),
        "Subscription": subscription,
        "Tenant": Record.of(TENANT, {"Id": api.tenant_id, "TenantId": api.tenant_id, "Name": None}),
        "TokenCache": None,
        "VersionProfile": None,
        "ExtendedProperties": Hashtable(),
    }
    return Record.of(CONTEXT, members)


def _subscription(document: Document, api: Api) -> Record:
    id = text_at(document, "subscriptionId") or api.subscription_id
    members: dict[str, Value] = {
        "Id": id,
        "Name": text_at(document, "displayName"),
        "State": text_at(document, "state"),
        "SubscriptionId": id,
        "TenantId": text_at(document, "tenantId") or api.tenant_id,
        "HomeTenantId": text_at(document, "tenantId") or api.tenant_id,
    }
    return Record.of(SUBSCRIPTION, members)


def _environment(api: Api) -> Record:
    return Record.of(ENVIRONMENT, {"Name": api.environment, "Type": "User-defined"})


def _profile(api: Api) -> Record:
    return Record.of(PROFILE, {"Context": context(api)})


# --- cmdlets ---------------------------------------------------------------------------------------------------------


def connect(call: Call) -> Iterable[Value]:
    if not call.should(call.text("Environment") or "calco", "log in"):
        return
    _check_environment(call)
    accounts = Accounts.of(call.shell.state)
    if call.set in (_DEFAULT, _IDENTITY):
        yield _profile(_already(call, accounts))
        return
    if accounts is None:
        raise argument("The account of this session is given: nobody else can sign in here. Use `calco shell`.")
    tenant, subscription = call.text("Tenant"), call.text("Subscription")
    if call.set == _TOKEN:
        if not call.given("AccountId"):
            raise argument("Say whose token it is, with -AccountId.")
        token = call.value("AccessToken")
        held = token.secret if isinstance(token, SecureString) else call.text("AccessToken")
        yield _profile(accounts.connect_token(held, call.text("AccountId"), tenant, subscription))
        return
    if call.set == _USER:
        raise argument(
            "A user's password is not taken here. Sign in with a service principal, -Credential and -ServicePrincipal: "
            "`calco sp create` makes one."
        )
    credential = call.record("Credential")
    secret, name = credential.get("Password"), credential.get("UserName")
    if not isinstance(secret, SecureString) or not isinstance(name, str):
        raise argument("The credential holds no secret: make it with Get-Credential.")
    yield _profile(accounts.connect_client(name, secret.secret, tenant, subscription))


def _already(call: Call, accounts: Accounts | None) -> Api:
    """Whoever is signed in. Raises Terminating."""
    if accounts is not None and accounts.signed_in is None:
        raise argument("Say how to sign in: -ServicePrincipal -Credential (Get-Credential), or -AccessToken.")
    api = call.shell.api
    wanted = call.text("Subscription")
    if wanted and wanted.casefold() != api.subscription_id.casefold():
        return _chosen(call, wanted)
    return api


def _check_environment(call: Call) -> None:
    wanted, known = call.text("Environment"), _known_environment(call)
    if wanted and wanted.casefold() not in {known.casefold(), "azurecloud"}:
        raise argument(f"There is no environment '{wanted}' here: this shell speaks to '{known}' alone.")


def _known_environment(call: Call) -> str:
    accounts = Accounts.of(call.shell.state)
    return accounts.environment if accounts is not None else call.shell.api.environment


def disconnect(call: Call) -> Iterable[Value]:
    accounts = Accounts.of(call.shell.state)
    if accounts is None:
        raise argument("The account of this session is given: it ends with the session.")
    known = accounts.current()
    if call.should(known.account, "log out"):
        accounts.sign_out()
        yield Record.of(
            f"{_PS}PSAzureRmAccount", {"Id": known.account, "Type": known.kind, "Tenants": [known.tenant_id]}
        )


def get_context(call: Call) -> Iterable[Value]:
    made = context(call.shell.api)
    if not call.text("Name") or matches(str(made.get("Name")), call.text("Name")):
        yield made


def set_context(call: Call) -> Iterable[Value]:
    wanted = call.text("Subscription")
    if call.given("SubscriptionObject"):
        wanted = str(call.record("SubscriptionObject").get("Id") or "")
    if call.given("Context"):
        held = call.record("Context").get("Subscription")
        wanted = str(held.get("Id") or "") if isinstance(held, Record) else ""
    if call.should(wanted or call.text("Tenant"), "Set context"):
        yield context(_chosen(call, wanted) if wanted else call.shell.api)


def _chosen(call: Call, wanted: str) -> Api:
    """The same account in the subscription with that id or name. Raises Terminating."""
    api = call.shell.api
    every = api.list("/subscriptions")
    for each in every:
        id, name = text_at(each, "subscriptionId") or "", text_at(each, "displayName") or ""
        if wanted.casefold() in (id.casefold(), name.casefold()):
            if id.casefold() == api.subscription_id.casefold():
                return api
            accounts = Accounts.of(call.shell.state)
            if accounts is not None:
                return accounts.choose(id)
    raise argument(
        f"Please provide a valid tenant or a valid subscription: '{wanted}' is none that {api.account} can see."
    )


def get_subscriptions(call: Call) -> Iterable[Value]:
    api, id, name = call.shell.api, call.text("SubscriptionId"), call.text("SubscriptionName")
    if id and not is_guid(id):
        id, name = "", id
    shown = [_subscription(each, api) for each in api.list("/subscriptions")]
    meant = [each for each in shown if _is(each, "Id", id) and _is(each, "Name", name)]
    if not meant and (id or name):
        raise argument(f"Subscription {id or name} was not found in tenant {api.tenant_id}.")
    yield from meant


def _is(record: Record, member: str, wanted: str) -> bool:
    return not wanted or str(record.get(member) or "").casefold() == wanted.casefold()


def get_tenants(call: Call) -> Iterable[Value]:
    for each in call.shell.api.list("/tenants"):
        id = text_at(each, "tenantId")
        if not call.text("TenantId") or (id or "").casefold() == call.text("TenantId").casefold():
            domains = each.get("domains")
            members: dict[str, Value] = {
                "Id": id,
                "Name": text_at(each, "displayName"),
                "TenantId": id,
                "TenantCategory": text_at(each, "tenantCategory"),
                "Domains": [name for name in domains if isinstance(name, str)] if isinstance(domains, list) else [],
            }
            yield Record.of(TENANT, members)


def get_environments(call: Call) -> Iterable[Value]:
    api = call.shell.api
    if not call.text("Name") or matches(api.environment, call.text("Name")):
        yield _environment(api)


def add_environment(call: Call) -> Iterable[Value]:
    accounts = Accounts.of(call.shell.state)
    address = call.text("ARMEndpoint") or call.text("ResourceManagerEndpoint")
    if accounts is None or (address and not accounts.is_own(address)):
        raise argument(f"This shell speaks to the calco that it belongs to, and to no other cloud: {address[:200]}")
    if call.should(call.text("Name"), "Adding environment"):
        accounts.rename(call.text("Name"))
        yield Record.of(ENVIRONMENT, {"Name": accounts.environment, "Type": "User-defined"})


def disable_autosave(call: Call) -> Iterable[Value]:
    """What is so anyway: a session's context ends with it."""
    if call.should("Current session", "Do not autosave the context in the current session"):
        nowhere = dict.fromkeys(("ContextDirectory", "ContextFile", "CacheDirectory", "CacheFile"), "None")
        yield Record.of(AUTOSAVE, {"Mode": "Process", **nowhere, "Settings": Hashtable()})


# --- what people see -------------------------------------------------------------------------------------------------


def _of(label: str, *way: str, width: int = 0) -> Column:
    return Column(label, lambda record: at(record, *way), width=width)


_VIEWS = (
    View(
        CONTEXT,
        (
            Column("Name", "Name", width=40),
            _of("Account", "Account", "Id", width=19),
            _of("SubscriptionName", "Subscription", "Name", width=19),
            _of("Environment", "Environment", "Name", width=19),
            _of("TenantId", "Tenant", "Id"),
        ),
        table=True,
    ),
    View(
        PROFILE,
        (
            _of("Account", "Context", "Account", "Id"),
            _of("SubscriptionName", "Context", "Subscription", "Name"),
            _of("TenantId", "Context", "Tenant", "Id"),
            _of("Environment", "Context", "Environment", "Name"),
        ),
        table=True,
    ),
    View(SUBSCRIPTION, columns("Name Id TenantId State"), table=True),
    View(TENANT, columns("Id Name TenantCategory Domains"), table=True),
    View(ENVIRONMENT, columns("Name Type"), table=True),
)


# --- declarations ----------------------------------------------------------------------------------------------------

_DEFAULT, _USER, _CLIENT = "UserWithSubscriptionId", "UserWithCredential", "ServicePrincipalWithSubscriptionId"
_TOKEN, _IDENTITY = "AccessTokenWithSubscriptionId", "ManagedServiceLogin"

_SUBSCRIPTION = optional(
    "Subscription",
    "The subscription, by id or name.",
    aliases="SubscriptionName SubscriptionId",
    completes="subscriptions",
)
_TENANT = optional("Tenant", "The tenant's id.", aliases="TenantId Domain")
_SCOPE = plain("Scope", "Taken for compatibility: a session keeps its own account.", choices="Process CurrentUser")

MODULE = Module(
    of(
        "Az.Accounts",
        cmdlet(
            "Connect-AzAccount",
            "Signs in, or says who is signed in already.",
            connect,
            plain("Environment", "The cloud: calco.", aliases="EnvironmentName"),
            plain(
                "Credential",
                "A service principal's id and secret.",
                kind=Takes.CREDENTIAL,
                mandatory=True,
                sets=f"{_USER} {_CLIENT}",
            ),
            switch("ServicePrincipal", "The credential is a service principal's.", _CLIENT, mandatory=True),
            plain("AccessToken", "A token that is there already.", kind=Takes.ANY, mandatory=True, sets=_TOKEN),
            plain("AccountId", "Whose token it is; with -Identity taken alone.", sets=f"{_TOKEN} {_IDENTITY}"),
            switch(
                "Identity", "As whoever this shell belongs to.", _IDENTITY, mandatory=True, aliases="MSI ManagedService"
            ),
            _TENANT,
            _SUBSCRIPTION,
            switch("UseDeviceAuthentication", "Nobody has to: one is signed in.", _DEFAULT),
            switch("SkipContextPopulation", "Taken for compatibility."),
            switch("Force", "Taken for compatibility."),
            _SCOPE,
            output=PROFILE,
            examples="Connect-AzAccount -ServicePrincipal -Credential (Get-Credential) -Tenant $tenant",
            default_set=_DEFAULT,
            aliases="Login-AzAccount Add-AzAccount",
            confirms=True,
        ),
        cmdlet(
            "Disconnect-AzAccount",
            "Signs out.",
            disconnect,
            plain("Username", "Taken for compatibility.", 0, aliases="Id"),
            output=f"{_PS}PSAzureRmAccount",
            examples="Disconnect-AzAccount",
            aliases="Logout-AzAccount Remove-AzAccount",
            confirms=True,
        ),
        cmdlet(
            "Get-AzContext",
            "Says who is signed in, in which subscription, of which cloud.",
            get_context,
            plain("Name", "The name of the context, or a pattern.", 0),
            switch("ListAvailable", "All there are: a session has one."),
            output=CONTEXT,
            examples="(Get-AzContext).Subscription.Id",
        ),
        cmdlet(
            "Set-AzContext",
            "Chooses the subscription that cmdlets work in.",
            set_context,
            replace(_SUBSCRIPTION, sets=("Subscription",), position=0),
            piped(
                "SubscriptionObject",
                "A subscription, of Get-AzSubscription.",
                SUBSCRIPTION,
                0,
                sets="SubscriptionObject",
            ),
            piped("Context", "A context, of Get-AzContext.", CONTEXT, 0, sets="Context"),
            _TENANT,
            switch("Force", "Taken for compatibility."),
            _SCOPE,
            output=CONTEXT,
            examples="Set-AzContext -Subscription calco",
            default_set="Subscription",
            aliases="Select-AzSubscription",
            confirms=True,
        ),
        cmdlet(
            "Get-AzSubscription",
            "Gets the subscriptions that the account can read.",
            get_subscriptions,
            optional("SubscriptionId", "Its id.", 0, aliases="Id"),
            optional("SubscriptionName", "Its name.", aliases="Name"),
            optional("TenantId", "Its tenant.", aliases="Domain"),
            output=SUBSCRIPTION,
            examples="Get-AzSubscription",
        ),
        cmdlet(
            "Get-AzTenant",
            "Gets the tenants of the account.",
            get_tenants,
            plain("TenantId", "Its id.", 0, aliases="Domain Tenant"),
            output=TENANT,
            examples="Get-AzTenant",
        ),
        cmdlet(
            "Get-AzEnvironment",
            "Gets the clouds that this shell can speak to: its own.",
            get_environments,
            plain("Name", "Its name, or a pattern.", 0),
            output=ENVIRONMENT,
            examples="Get-AzEnvironment",
        ),
        cmdlet(
            "Add-AzEnvironment",
            "Gives this shell's cloud another name, so that scripts for PowerShell run as they are.",
            add_environment,
            plain("Name", "What it is called from then on.", 0, mandatory=True),
            plain("ARMEndpoint", "Its address; it must be this calco's.", 1, aliases="ArmUrl"),
            plain("ResourceManagerEndpoint", "The same, as the other set of parameters calls it."),
            plain("ActiveDirectoryEndpoint", "Taken for compatibility."),
            plain("ActiveDirectoryServiceEndpointResourceId", "Taken for compatibility."),
            plain("StorageEndpoint", "Taken for compatibility."),
            plain("GraphEndpoint", "Taken for compatibility."),
            output=ENVIRONMENT,
            examples="Add-AzEnvironment -Name lab -ARMEndpoint https://localhost:8443",
            confirms=True,
        ),
        cmdlet(
            "Disable-AzContextAutosave",
            "Says that a session's context is kept nowhere: it never is.",
            disable_autosave,
            _SCOPE,
            output=AUTOSAVE,
            examples="Disable-AzContextAutosave -Scope Process | Out-Null",
            confirms=True,
        ),
    ),
    _VIEWS,
)
