import gc, os, tempfile
gc.disable()
path = tempfile.mkstemp()[1]
file = open(path, "wb"); file.write(b"not yet written")
ring = [file]; ring.append(ring); del file, ring
gc.collect()
print(os.path.getsize(path) == 15)
os.unlink(path)
