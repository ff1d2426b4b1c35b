import bz2
def pages(): return int(open("/proc/self/statm").read().split()[0])
one = bz2.BZ2Compressor(1)
before = pages()
try:
    for _ in range(50): one.__init__(1)
except TypeError: pass
print(pages() - before < 5000)
