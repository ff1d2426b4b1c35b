import collections
nested = collections.deque()
for _ in range(600000): nested = collections.deque([nested])
del nested
print(True)
