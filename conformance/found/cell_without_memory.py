import _testcapi, sys
def keeps(item, other=None): return [other or item for _ in "ab"]
def calls(item): return keeps(item)
item = object()
for _ in range(100): calls(item)
before = sys.getrefcount(item)
try: _testcapi.set_nomemory(1, 2); calls(item)
except MemoryError: pass
_testcapi.remove_mem_hooks()
print(sys.getrefcount(item) == before)
