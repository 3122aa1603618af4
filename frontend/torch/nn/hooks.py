"""torch.utils.hooks: what the registration of a hook returns."""


class RemovableHandle:
    """Removes a hook from its dict: by `remove()`, or at the end of a `with` block. Removing twice does nothing."""

    next_id = 0

    def __init__(self, hooks_dict, *, extra_dict=None):
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1
        self._dicts = [hooks_dict, *([extra_dict] if isinstance(extra_dict, dict) else extra_dict or [])]

    def remove(self):
        for hooks in self._dicts:
            if self.id in hooks:
                del hooks[self.id]

    def __enter__(self):
        return self

    def __exit__(self, type, value, tb):
        self.remove()
