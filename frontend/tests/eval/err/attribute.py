class Net:
    def __init__(self):
        self.linear = 1


def make():
    return Net().liner


make()
