import greenlet
nested = None
for _ in range(600000): nested = greenlet.greenlet(nested)
del nested
print(True)
