def build(hidden):
    width = hidden * 2
    return widht + 1


build(4)
