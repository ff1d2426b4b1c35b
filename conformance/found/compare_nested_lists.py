one, other = [], []
for _ in range(200000): one, other = [one], [other]
try: one == other
except (RecursionError, RuntimeError): pass  # MicroPython has RuntimeError alone
print(True)
