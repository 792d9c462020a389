"""Azure's template language: what a deployment's template means, without doing any of it.

``prepare`` finds out all that can be known before anything is made, and refuses what Azure refuses. ``body`` and
``outputs`` finish what had to wait for resources to be there, asking through a ``Look``. ``read_body`` reads the JSON
that clients write by hand. Nothing here has a clock, a random number or any I/O: all of that comes in by ``Context``
and ``Look``.
"""

from calco.template.context import Context, Item, Look
from calco.template.hashing import template_hash
from calco.template.lenient import read_body
from calco.template.parameters import secure_names
from calco.template.preparation import Prepared, body, outputs, prepare, preview

__all__ = [
    "Context",
    "Item",
    "Look",
    "Prepared",
    "body",
    "outputs",
    "prepare",
    "preview",
    "read_body",
    "secure_names",
    "template_hash",
]
