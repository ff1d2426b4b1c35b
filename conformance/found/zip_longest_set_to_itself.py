import gc, itertools
class Thing: pass
one = itertools.zip_longest([])
one.__setstate__((one, Thing()))
del one
gc.collect()
print(not any(type(one) is Thing for one in gc.get_objects()))
