"""From a script's text to its tree (``syntax``): the library's grammar, what it does not read, and PowerShell's words
for what is no script.
"""
