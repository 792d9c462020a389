"""calco: managed images of generalized virtual machines, captured and deployed on your own machine."""

__version__ = "0.1.0"
