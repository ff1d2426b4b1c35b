import _testcapi, zoneinfo
good = zoneinfo.ZoneInfo.no_cache("UTC") is not None
for n in range(0, 400):
    try:
        _testcapi.set_nomemory(n, n + 1)
        try: zoneinfo.ZoneInfo.no_cache("UTC")
        finally: _testcapi.remove_mem_hooks()
    except (MemoryError, OSError, RuntimeError): pass
    except Exception: good = False
print(good)
