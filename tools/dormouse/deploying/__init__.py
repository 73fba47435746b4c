"""What `dormouse deploy` is made of: the link to the board, what is found there, the plan, and the copying."""
