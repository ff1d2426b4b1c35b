items = []
items.append(items)
try: print(repr(items) == "[[...]]")
except RuntimeError: print(False)
