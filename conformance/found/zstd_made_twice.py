import zstandard
def pages(): return int(open("/proc/self/statm").read().split()[0])
one = zstandard.ZstdDecompressor()
before = pages()
for _ in range(500): one.__init__()
print(pages() - before < 5000)
