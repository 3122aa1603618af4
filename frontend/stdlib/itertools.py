"""itertools: lazy, except where everything must be seen first."""


def count(start=0, step=1):
    while True:
        yield start
        start += step


def cycle(iterable):
    items = []
    for item in iterable:
        items.append(item)
        yield item
    while items:
        for item in items:
            yield item


def repeat(item, times=None):
    if times is None:
        while True:
            yield item
    for _ in range(times):
        yield item


class chain:
    def __init__(self, *iterables):
        self._items = _chained(iterables)

    @classmethod
    def from_iterable(cls, iterables):
        made = cls()
        made._items = _chained(iterables)
        return made

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._items)


def _chained(iterables):
    for iterable in iterables:
        yield from iterable


def islice(iterable, *args):
    window = slice(*args)
    start, step = window.start or 0, window.step or 1
    stop, wanted = window.stop, start
    if stop is not None and wanted >= stop:
        return
    for index, item in enumerate(iterable):
        if index == wanted:
            yield item
            wanted += step
        if stop is not None and (index + 1 >= stop or wanted >= stop):
            return


def accumulate(iterable, func=None, *, initial=None):
    total, started = initial, initial is not None
    if started:
        yield total
    for item in iterable:
        if not started:
            total, started = item, True
        else:
            total = total + item if func is None else func(total, item)
        yield total


def product(*iterables, repeat=1):
    return _product([tuple(iterable) for iterable in iterables] * repeat)


def _product(pools):
    if not pools:
        yield ()
        return
    for head in pools[0]:
        for rest in _product(pools[1:]):
            yield (head, *rest)


def _choices(pool, length, start):
    if length == 0:
        yield ()
        return
    for index in range(start, len(pool)):
        for rest in _choices(pool, length - 1, index + 1):
            yield (pool[index], *rest)


def combinations(iterable, r):
    return _choices(tuple(iterable), r, 0)


def permutations(iterable, r=None):
    pool = tuple(iterable)
    length = len(pool) if r is None else r
    indices = product(range(len(pool)), repeat=length)
    return (tuple(pool[i] for i in chosen) for chosen in indices if len(set(chosen)) == length)


def combinations_with_replacement(iterable, r):
    pool = tuple(iterable)
    indices = product(range(len(pool)), repeat=r)
    return (tuple(pool[i] for i in chosen) for chosen in indices if sorted(chosen) == list(chosen))


def zip_longest(*iterables, fillvalue=None):
    pools = [list(iterable) for iterable in iterables]
    for index in range(max(map(len, pools), default=0)):
        yield tuple(pool[index] if index < len(pool) else fillvalue for pool in pools)


def starmap(function, iterable):
    for args in iterable:
        yield function(*args)


def takewhile(predicate, iterable):
    for item in iterable:
        if not predicate(item):
            return
        yield item


def dropwhile(predicate, iterable):
    dropping = True
    for item in iterable:
        if dropping and predicate(item):
            continue
        dropping = False
        yield item


def filterfalse(predicate, iterable):
    for item in iterable:
        if not (item if predicate is None else predicate(item)):
            yield item


def compress(data, selectors):
    for item, chosen in zip(data, selectors):
        if chosen:
            yield item


def pairwise(iterable):
    items = list(iterable)
    return zip(items, items[1:])


def tee(iterable, n=2):
    items = list(iterable)
    return tuple(iter(items) for _ in range(n))


def groupby(iterable, key=None):
    group, current = [], None
    for item in iterable:
        rank = item if key is None else key(item)
        if group and rank != current:
            yield current, iter(group)
            group = []
        current = rank
        group.append(item)
    if group:
        yield current, iter(group)
