import sys, zstandard
kind = zstandard.ZstdCompressor
before = sys.getrefcount(kind)
for _ in range(100): kind()
print(sys.getrefcount(kind) == before)
