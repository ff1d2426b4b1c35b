import gc
class Ends:
    def __del__(self): [*it]
good = True; gc.disable()
for k in range(9):
    gc.collect(); it = iter([[i] for i in range(6)]); ring = Ends(); ring.ring = ring; del ring
    gc.set_threshold(gc.get_count()[0] + k); kept = (k,), (k, k, k)  # free lists are empty
    gc.enable(); left = it.__reduce__(); gc.disable()
    good &= all(new is not left[1][0] for new in [[] for _ in range(100)])
print(good)
