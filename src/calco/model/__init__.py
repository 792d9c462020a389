"""What things are: data and rules, no I/O. Imports nothing but the standard library."""
