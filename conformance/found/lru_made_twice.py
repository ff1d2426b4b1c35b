import lru, sys
def called(*entry): pass
one = lru.LRU(2, callback=called)
before = sys.getrefcount(called)
for _ in range(100): one.__init__(2, callback=called)
print(sys.getrefcount(called) == before)
