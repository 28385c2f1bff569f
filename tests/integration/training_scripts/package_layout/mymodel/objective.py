def loss(x, target):
    return (x - target) ** 2
