import gc
class Clears:
    def __del__(self): table.clear()
gc.disable()
table = {n: n for n in range(1000)}
kept = [{} for _ in range(200)]  # so that the next dict is a new block
ring = Clears(); ring.ring = ring; del ring
gc.set_threshold(1); gc.enable()
copy = table.copy(); gc.disable()
print(len(copy) == len(list(copy)))
