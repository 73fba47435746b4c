"""What watches a fleet and sends it commands: one place for the broker's link, a pure model of the nodes, what shows it."""
