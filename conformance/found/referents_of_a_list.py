import gc
item = object()
print(sum(one is item for one in gc.get_referents([item, item])) == 2)
