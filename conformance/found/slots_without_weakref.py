import weakref
class Slots: __slots__ = ("item",)
try: weakref.ref(Slots())
except TypeError: print(True)
else: print(False)
