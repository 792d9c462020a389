"""Refusals of callers. Messages: arm-protocol of Azure's front door, quoted in public documentation and issues."""

from datetime import datetime

from calco.model.errors import ApiError


def no_token() -> ApiError:
    return ApiError(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")


def bad_token() -> ApiError:
    return ApiError(401, "InvalidAuthenticationToken", "The access token is invalid.")


def ended_session() -> ApiError:
    """Ours: Azure tells it by a claims challenge."""
    return ApiError(
        401,
        "InvalidAuthenticationToken",
        "The access token is no longer good: whoever it was issued to was deleted, or was given a new secret. Sign in "
        "again with the new one.",
    )


def expired_token(expired_at: datetime, now: datetime) -> ApiError:
    """Both in UTC."""
    return ApiError(
        401,
        "ExpiredAuthenticationToken",
        f"The access token expiry UTC time '{_utc(expired_at)}' is earlier than current UTC time '{_utc(now)}'.",
    )


def foreign_tenant(issuer: str, tenant: str, authority: str) -> ApiError:
    """``issuer`` as the token has it; ``authority`` is the URL to get tokens of ``tenant`` from."""
    return ApiError(
        401,
        "InvalidAuthenticationTokenTenant",
        f"The access token is from the wrong issuer '{issuer}'. It must match the tenant "
        f"'https://sts.windows.net/{tenant}/' associated with this subscription. Please use the authority (URL) "
        f"'{authority}' to get the token. Note, if the subscription is transferred to another tenant there is no "
        "impact to the services, but information about new tenant could take time to propagate (up to an hour).",
    )


def challenge(refusal: ApiError, authority: str) -> str:
    """The WWW-Authenticate header that goes with a 401. ``authority`` is the tenant's URL, as the caller sees us."""
    message = refusal.message.replace("\\", "").replace('"', "'")
    return f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{message}"'


def _utc(moment: datetime) -> str:
    # The American form is what Azure prints here.
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment.minute:02}:{moment.second:02} {half}"
