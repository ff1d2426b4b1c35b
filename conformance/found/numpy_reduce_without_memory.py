import _testcapi, numpy
one, good = numpy.float64(1), True
for n in range(0, 60):
    try:
        _testcapi.set_nomemory(n, n + 1)
        try: one.__reduce__()
        finally: _testcapi.remove_mem_hooks()
    except (MemoryError, ImportError): pass
    except SystemError: good = False
print(good)
