import encodings.gb18030, gc
class Own(encodings.gb18030.IncrementalDecoder): pass
Own.kept = Own()
del Own
gc.collect()
print(not any(getattr(one, "__name__", "") == "Own" for one in gc.get_objects()))
