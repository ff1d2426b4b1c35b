nested = []
for _ in range(200000): nested = [nested]
del nested
print(True)
