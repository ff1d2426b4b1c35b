import msgspec, sys
one = msgspec.json.Decoder()
for _ in range(10): one.__init__()
before = sys.getallocatedblocks()
for _ in range(1000): one.__init__()
print(sys.getallocatedblocks() - before < 500)
