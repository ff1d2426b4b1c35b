import threading
threading.stack_size(256 * 1024)
def generator(argument): yield argument
last = None
for _ in range(5000): last = generator(last)
box = [last]; del last
thread = threading.Thread(target=box.clear)
thread.start(); thread.join()
print(True)
