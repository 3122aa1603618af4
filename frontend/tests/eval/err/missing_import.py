import plotting_library as plot
from other_library.deep import decorate


@decorate
def fine():
    return 1


assert fine() == 1


def use():
    return plot.figure(3)


use()
