import gc
from BTrees.OOBTree import OOBTree
tree = OOBTree()
jar = (tree,)
tree._p_jar = jar
del tree, jar
gc.collect()
print(not any(type(one) is OOBTree for one in gc.get_objects()))
