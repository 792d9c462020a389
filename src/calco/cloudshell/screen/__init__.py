"""What objects and errors look like on a screen."""
