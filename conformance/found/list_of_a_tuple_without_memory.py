import _testcapi, sys
source = tuple(range(1000, 1100))
before = sys.getrefcount(source)
for n in range(1, 6):
    _testcapi.set_nomemory(n, n + 1)
    try: list(source)
    except MemoryError: pass
    finally: _testcapi.remove_mem_hooks()
print(sys.getrefcount(source) == before)
