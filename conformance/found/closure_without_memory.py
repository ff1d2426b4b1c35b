import _testcapi
def keeps(item): return lambda: item
for n in range(1, 6):
    for _ in range(10):
        try:
            _testcapi.set_nomemory(n, n + 1)
            try: keeps(1)
            finally: _testcapi.remove_mem_hooks()
        except MemoryError: pass
print(True)
