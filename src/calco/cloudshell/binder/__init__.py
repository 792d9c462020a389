"""A command's arguments and the pipeline, bound to the parameters that a cmdlet declares; its errors, its jobs."""
