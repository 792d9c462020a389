"""A tree, carried out: expressions, statements, commands, scopes, from one end of a pipeline to the other."""
