"""What is on a disk, read offline: partitions and file systems, the systems on them, and every check of the catalogue.

The parent's side is ``inspector``; it starts ``child``, which confines itself and then reads only what the parent hands
it. Everything else here runs in that child: ``blocks`` and ``volumes`` (what lies where), ``file_system`` with its
drivers, ``linux`` and ``windows`` (which system, and the verdict), ``checks_*`` (the catalogue), ``look`` (all of it).
"""
