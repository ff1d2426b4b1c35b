import weakref
items = {1}
try: next(weakref.proxy(items))
except TypeError: print(True)
