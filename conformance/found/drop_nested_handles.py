import cffi
ffi, nested = cffi.FFI(), None
for _ in range(600000): nested = ffi.new_handle(nested)
del nested
print(True)
