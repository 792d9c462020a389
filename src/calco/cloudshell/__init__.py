"""calco's Cloud Shell: a stated subset of PowerShell and the Az cmdlets, over the public REST API.

``syntax`` is what a script means, ``parse`` reads it (the grammar is a library's), ``evaluate`` carries it out one
object at a time. A cmdlet is data (``cmdlet``) and one small function; those of ``builtin`` know no Azure, those of
``az`` know nothing but the API. ``session`` puts it together for a terminal, a script or the portal's pane.
"""
