import itertools
nested = iter(())
for _ in range(100000):
    nested = itertools.islice(itertools.tee(nested)[0], 5)
try: next(nested, None)
except RecursionError: pass
print(True)
