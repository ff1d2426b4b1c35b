from lxml import etree
nested = None
for _ in range(600000): nested = etree.XMLParser(target=nested)
del nested
print(True)
