import gc
class Thing: pass
one = property()
one.__init__((one, Thing()))
del one
gc.collect()
print(not any(type(one) is Thing for one in gc.get_objects()))
