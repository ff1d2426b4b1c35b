import gc, lru, weakref
class Thing: pass
thing = Thing()
thing.map = lru.LRU(2)
thing.map[1] = thing
gone = weakref.ref(thing)
del thing
gc.collect()
print(gone() is None)
