import ahocorasick, gc, weakref
class Word: pass
word = Word()
word.words = ahocorasick.Automaton()
word.words.add_word("he", word)
seen = weakref.ref(word)
del word
gc.collect()
print(seen() is None)
