items = alias = [1, 2]
items *= 2
print(alias == [1, 2, 1, 2])
