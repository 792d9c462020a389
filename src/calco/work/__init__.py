"""What is done to things: one file per noun, the rules first, then the plans. Speaks to the world through the ports."""
