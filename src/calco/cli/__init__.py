"""Commands over the public API: one file per noun. What is heavy is imported inside the command that needs it."""
