"""A Linux on a disk: its files joined by fstab, its verdict, and every check of the catalogue that is about one."""
