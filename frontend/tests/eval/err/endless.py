class Net:
    def __init__(self):
        step = 1
        while step != 0:
            for i in range(3):
                step += i


Net()
