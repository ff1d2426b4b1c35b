import _testcapi, lru
kept, one = [{} for _ in range(200)], lru.LRU.__new__(lru.LRU)
for n in range(0, 9):
    try:
        _testcapi.set_nomemory(n, n + 1)
        try: one.__init__(2)
        finally: _testcapi.remove_mem_hooks()
        one[1] = 1
    except (MemoryError, SystemError): one[1] = 1
print(True)
