"""How control leaves a statement early. They are no errors: nothing that takes errors may take them."""


class Leave(BaseException):
    """Of a script's own way, up to whoever it is meant for."""


class Break(Leave):
    """Out of the loop or switch of that label, or the nearest."""

    def __init__(self, label: str = "") -> None:
        super().__init__(label)
        self.label = label.lower()

    def meant_for(self, label: str) -> bool:
        return not self.label or self.label == label.lower()


class Continue(Break):
    """On with its next turn."""


class Return(Leave):
    """Out of the function, block or script."""


class OutOfSteps(Leave):
    """The budget is used up: no try holds it."""
