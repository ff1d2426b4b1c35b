import _testcapi
def fails(): raise ValueError
def attempt(n):
    _testcapi.set_nomemory(n, n + 1)
    try: fails()
    except (MemoryError, ValueError): return True
    except SystemError: return False
    finally: _testcapi.remove_mem_hooks()
print(all([attempt(n) for n in range(1, 10)]))
