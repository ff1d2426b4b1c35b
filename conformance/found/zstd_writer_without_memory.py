import _testcapi, io, zstandard
one, sink, good = zstandard.ZstdCompressor(), io.BytesIO(), True
for n in range(0, 30):
    try:
        _testcapi.set_nomemory(n, n + 1)
        try: one.stream_writer(sink, closefd=False)
        finally: _testcapi.remove_mem_hooks()
    except MemoryError: pass
    except Exception: good = False
print(good)
