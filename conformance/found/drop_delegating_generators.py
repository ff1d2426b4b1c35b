def generator(inner): yield from inner
nested = iter((1, 2))
for _ in range(200000): nested = generator(nested)
try: next(nested)
except RecursionError: pass
del nested
print(True)
