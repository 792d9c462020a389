"""What lies where on a disk: partitions, file systems and their files. Paths and bytes, no opinion."""
