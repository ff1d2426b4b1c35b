import collections

x = None
for _ in range(200000):
    x = collections.defaultdict(None, {0: x})
del x
print(True)
