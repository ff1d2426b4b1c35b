# SPDX-License-Identifier: MIT
"""A feed written as XML, parsed by two libraries, searched and written again."""

import xml.etree.ElementTree as ET
from xml.dom import minidom

ENTRIES = 1500


def feed():
    root = ET.Element("feed", {"version": "1.0"})
    for n in range(ENTRIES):
        language = ("en", "de")[n % 2]
        entry = ET.SubElement(root, "entry", {"id": str(n), "lang": language})
        ET.SubElement(entry, "title").text = f"Entry number {n}"
        body = ET.SubElement(entry, "body")
        for k in range(n % 5):
            ET.SubElement(body, "p").text = f"Paragraph {k} of entry {n} & more <text>"
        ET.SubElement(entry, "link", {"href": f"https://example.org/{n}"})
    return root


def main():
    text = ET.tostring(feed(), encoding="unicode")
    root = ET.fromstring(text)
    german = [entry for entry in root.iter("entry") if entry.get("lang") == "de"]
    assert len(german) == ENTRIES // 2
    for entry in german:
        root.remove(entry)
    dom = minidom.parseString(ET.tostring(root))
    links = [node.getAttribute("href") for node in dom.getElementsByTagName("link")]
    assert len(links) == ENTRIES - ENTRIES // 2
    print(len(text), len(dom.documentElement.toprettyxml()))
    dom.unlink()


main()
