import gc, io, weakref, zstandard
class Sink(io.BytesIO): pass
sink = Sink()
sink.writer = zstandard.ZstdCompressor().stream_writer(sink, closefd=False)
gone = weakref.ref(sink)
del sink
gc.collect()
print(gone() is None)
