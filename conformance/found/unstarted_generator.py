import weakref
class Watched: pass
def generator(argument): yield
watched = Watched()
seen = weakref.ref(watched)
waiting = generator(watched)
del watched
waiting.close()
print(seen() is None)
