import gc, weakref
class A:
    def __del__(self): global late; late = weakref.ref(self.other)
class B: pass
plain = compile("a", "", "eval")  # the collector does not see it: it dies with its owner
watch = weakref.ref(plain, lambda _: print(late() is None))
a, b = A(), B()
a.plain, a.other, b.back = plain, b, a
del a, b, plain; gc.collect()
