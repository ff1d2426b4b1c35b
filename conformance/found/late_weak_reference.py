import gc, weakref
class A:
    def __del__(self): global late; late = weakref.ref(self.other)
class B: pass
class Asks:
    __slots__ = ()  # so that the collector does not see it
    def __del__(self): print(late() is None)
a, b = A(), B()
a.asks, a.other, b.back = Asks(), b, a
del a, b; gc.collect()
