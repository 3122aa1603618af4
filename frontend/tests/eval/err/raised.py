class ConfigError(Exception):
    pass


def check(n):
    try:
        {}[n]
    except KeyError as error:
        raise ConfigError(f"no layer {n}") from error


check(3)
