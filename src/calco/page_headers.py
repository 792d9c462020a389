"""What goes with every page that people look at: a policy that nothing from elsewhere passes, and nothing kept."""

# A browser that was once told to use https for localhost would not reach a program that waits there on http, as az does
# while one signs in. So whatever the API has said of it, a page takes it back.
_TRANSPORT = "max-age=0"


def page_headers(policy: str, referrer: str = "no-referrer") -> dict[str, str]:
    """``policy`` is the Content-Security-Policy. ``referrer``: a page with forms whose Origin is looked at needs
    ``same-origin``, for with none at all browsers send ``null``. Sources: CSP level 3; Fetch standard, 3.2."""
    return {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": referrer,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Strict-Transport-Security": _TRANSPORT,
    }
