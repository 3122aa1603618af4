# an error in a nested header does not hide the errors in its block
class A(nn.Module):
    def __init__(self, x y):
        super().__init__()
        self.a = nn.Linear(1 2)

    def forward(self, x):
        return self.a(x
