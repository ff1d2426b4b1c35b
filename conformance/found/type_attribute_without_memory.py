import _testcapi
class C: pass
def told(number):
    _testcapi.set_nomemory(1 + number % 5, 2 + number % 5)
    try: setattr(C, f"name{number}", number)
    except MemoryError: return True
    except AttributeError: return False
    finally: _testcapi.remove_mem_hooks()
    return True
print(all([told(number) for number in range(100)]))
