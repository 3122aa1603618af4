__all__ = ["Deep"]


class Deep:
    kind = "deep"
