"""A Windows on a disk: its registry and logs, its verdict, and every check of the catalogue that is about one."""
