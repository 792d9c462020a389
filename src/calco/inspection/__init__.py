"""What is on a disk, read offline: partitions and file systems, the systems on them, and every check of the catalogue.

The parent's side is ``inspector``; it starts ``child``, which confines itself and then reads only what the parent hands
it. Everything else here runs in that child: ``files`` (what lies where, and the file systems), ``linux`` and
``windows`` (which system, its verdict, its checks), ``look`` (all of it). ``catalogue`` is every check, for both sides.
"""
