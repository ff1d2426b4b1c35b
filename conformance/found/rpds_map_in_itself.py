import gc, rpds, weakref
class Thing: pass
thing = Thing()
thing.map = rpds.HashTrieMap({1: thing})
gone = weakref.ref(thing)
del thing
gc.collect()
print(gone() is None)
