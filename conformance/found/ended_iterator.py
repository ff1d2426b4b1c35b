items = [1]
steps = iter(items)
list(steps)
items.append(2)
print(next(steps, None) is None)
