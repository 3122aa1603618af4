async def fetch():
    return 1


class Net:
    value = fetch()
