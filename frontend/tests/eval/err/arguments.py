class Block:
    def __init__(self, width, depth):
        self.width = width


blocks = [Block(4) for _ in range(2)]
