"""Azure's template language: what a deployment's template means, without doing any of it.

``prepare`` finds out all that can be known before anything is made, and refuses what Azure refuses. ``body`` and
``outputs`` finish what had to wait for resources to be there, asking through a ``Look``. ``read_body`` reads the JSON
that clients write by hand. Nothing here has a clock, a random number or any I/O: all of that comes in by ``Context``
and ``Look``.
"""

from calco.template.prepared import Context, Item, Look, Prepared

__all__ = ["Context", "Item", "Look", "Prepared", "body", "outputs", "prepare", "preview", "read_body", "secure_names"]

from calco.model import errors
from calco.model.document import Document


def prepare(template: Document, parameters: Document, context: Context) -> Prepared:
    """``parameters`` as in a request: ``{"name": {"value": ...}}``. Raises ApiError InvalidTemplate, and only it."""
    raise errors.not_supported("template")


def body(prepared: Prepared, item: Item, look: Look) -> Document:
    """What to PUT for ``item``. Raises what ``look`` raises, and InvalidTemplate when an expression then fails."""
    raise errors.not_supported("template")


def preview(prepared: Prepared, item: Item) -> Document:
    """``body`` before anything is there: what must wait for the world stays the expression that it is."""
    raise errors.not_supported("template")


def outputs(prepared: Prepared, look: Look) -> Document:
    """``{"name": {"type": "String", "value": ...}}``; of secure ones only the type."""
    raise errors.not_supported("template")


def secure_names(template: Document) -> frozenset[str]:
    """The parameters whose values are secret, in lower case: of type secureString or secureObject."""
    raise errors.not_supported("template")


def read_body(raw: bytes) -> Document:
    """The object that ``raw`` spells, in the JSON Azure takes: comments, bare names, ... Raises ApiError."""
    raise errors.not_supported("template")
