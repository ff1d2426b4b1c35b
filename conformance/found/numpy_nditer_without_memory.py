import _testcapi, copy, numpy
one, good = numpy.nditer(numpy.arange(3)), True
for n in range(0, 60):
    try:
        _testcapi.set_nomemory(n, n + 1)
        try: copy.copy(one)
        finally: _testcapi.remove_mem_hooks()
    except MemoryError: pass
    except SystemError: good = False
print(good)
