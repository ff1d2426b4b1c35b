items = [3, 1, 2]
def key(item): items.append(item); return item
try: items.sort(key=key); print(False)
except ValueError: print(True)
