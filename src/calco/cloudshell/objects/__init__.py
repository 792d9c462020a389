"""What PowerShell's objects do: conversions, operators, members, methods, types, and how values are text."""
