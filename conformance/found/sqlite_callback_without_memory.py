import _testcapi, sqlite3
base, good = sqlite3.connect(":memory:"), True
for n in range(0, 20):
    try:
        _testcapi.set_nomemory(n, n + 1)
        try: base.set_authorizer(print)
        finally: _testcapi.remove_mem_hooks()
    except MemoryError: pass
    except SystemError: good = False
print(good)
