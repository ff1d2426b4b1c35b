import gc, numpy
class Thing: pass
one = numpy.empty(2, object)
one[0], one[1] = one, Thing()
del one
gc.collect()
print(not any(type(one) is Thing for one in gc.get_objects()))
