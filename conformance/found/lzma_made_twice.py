import lzma
def pages(): return int(open("/proc/self/statm").read().split()[0])
how = {"format": lzma.FORMAT_RAW, "filters": [{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]}
one, before = lzma.LZMACompressor(**how), pages()
try:
    for _ in range(100000): one.__init__(**how)
except TypeError: pass
print(pages() - before < 500)
