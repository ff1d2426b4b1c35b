table = {1: 1}
try:
    for key in table:
        if key < 5000: table[key + 1] = 1
    print(False)
except RuntimeError: print(True)
