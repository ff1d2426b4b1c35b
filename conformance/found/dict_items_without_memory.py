import _testcapi
views = [{1: 2}.items() for _ in range(50)]
for n in range(1, 12):
    _testcapi.set_nomemory(n, n + 1)  # the n-th allocation from here on fails, no other
    try: kept = [iter(view) for view in views]
    except MemoryError: pass
    finally: _testcapi.remove_mem_hooks()
print(True)
