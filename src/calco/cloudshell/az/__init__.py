"""The Az cmdlets: each declared as data (``declaration``), with one small function over the public REST API.

``record`` turns the API's JSON into the objects that scripts read and back, by the tables in ``shapes``; ``target``
says which resource a call means, ``given`` what it says of one; ``answer`` follows a change to its end and shows how
it went. Every other file is one noun and exports MODULE.
"""
