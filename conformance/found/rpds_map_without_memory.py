import _testcapi, rpds
one, good = rpds.HashTrieMap({1: 2}), True
for n in range(0, 60):
    try:
        _testcapi.set_nomemory(n, n + 1)
        try: repr(one); rpds.HashTrieMap({1: 2})
        finally: _testcapi.remove_mem_hooks()
    except MemoryError: pass
    except BaseException: good = False
print(good)
