"""calco's Cloud Shell: a stated subset of PowerShell and the Az cmdlets, over the public REST API.

``syntax`` is what a script means, ``values`` what it computes with. ``grammar`` reads a text into the one (the grammar
itself is a library's), ``objects`` knows what the others do, ``evaluator`` carries a script out, one object at a time.
A cmdlet is data (``cmdlet``) and one small function, its arguments bound by ``binder``, what it gives shown by
``screen``; those of ``builtin`` know no Azure, those of ``az`` know nothing but the API. ``session`` puts it together
for a terminal, a script or the portal's pane.
"""
