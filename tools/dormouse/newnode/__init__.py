"""What ``dormouse new`` is made of: the draft of a node, questions, the broker's trial, and files that are written whole."""
