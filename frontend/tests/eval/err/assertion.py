def attend(width, heads):
    assert width % heads == 0, f"{width} is not divisible by {heads}"
    return width // heads


attend(10, 3)
