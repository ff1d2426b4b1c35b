import _testcapi, copy, numpy
for one in [numpy.dtype("i4"), numpy.dtype("M8[s]"), numpy.dtype([("a", "i4")])] * 3:
    for n in range(0, 60):
        try:
            _testcapi.set_nomemory(n, n + 1)
            try: copy.deepcopy(one)
            finally: _testcapi.remove_mem_hooks()
        except Exception: pass
print(True)
