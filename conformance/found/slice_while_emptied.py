import gc
class Clears:
    def __del__(self): items.clear()
gc.disable()
items = [object() for _ in range(1000)]
kept = [[] for _ in range(200)]  # so that the next list is a new block
ring = Clears(); ring.ring = ring; del ring
gc.set_threshold(1); gc.enable()
print(len(items.copy()) in (0, 1000))
