import _testcapi, greenlet
for n in range(0, 20):
    try:
        _testcapi.set_nomemory(n, n + 1)
        try: greenlet.greenlet(print)
        finally: _testcapi.remove_mem_hooks()
    except MemoryError: pass
print(True)
