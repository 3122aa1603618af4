widths = [16, 32]
pairs = [(widths[i], widths[i + 1]) for i in range(len(widths))]
