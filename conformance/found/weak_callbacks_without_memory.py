import _testcapi, os, weakref
class C: pass
for n in range(1, 8):
    target = C(); kept = [weakref.ref(target, lambda _: None) for _ in range(30)]
    _testcapi.set_nomemory(n, n + 1)
    del target
    try: _testcapi.remove_mem_hooks()
    except SystemError: pass
    if any([one is kept[0]() for one in [C() for _ in range(99)]]): os.write(1, b"False\n"); os._exit(0)
print(True)
