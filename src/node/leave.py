"""The network's end in a wake."""


def run(memory):
    """Switch the radio off. memory: node.memory.Memory. Raises OSError as the port's radio does."""
    memory.board().radio().off()
