# SPDX-License-Identifier: MIT
"""How objects of types of the standard library are made: pmm check-extension.

    pmm check-extension --factories workloads/python/extension/standard.py

Each function makes one object; one with an argument gets what it is to hold.
EXTENSIONS.md, beside the folder, tells what was found.
"""

import array
import ast
import bz2
import codecs
import collections
import contextvars
import csv
import ctypes
import datetime
import decimal
import functools
import hashlib
import hmac
import io
import itertools
import json
import lzma
import mmap
import operator
import pickle
import queue
import random
import re
import select
import socket
import sqlite3
import struct
import types
import unicodedata
import weakref
import xml.etree.ElementTree as ET
import zlib
from xml.parsers import expat

try:
    import ssl
except ImportError:  # built against another library
    ssl = None  # type: ignore[assignment]

import zoneinfo


class Zone(datetime.tzinfo):
    """A time zone that holds something."""

    def __init__(self, held):
        self.held = held

    def utcoffset(self, when):
        return datetime.timedelta(0)


def numbers():
    return array.array("i", [1, 2, 3])


def tree():
    return ast.parse("x = 1")


def bz2_compressor():
    return bz2.BZ2Compressor()


def bz2_decompressor():
    return bz2.BZ2Decompressor()


def lzma_compressor():
    return lzma.LZMACompressor()


def lzma_decompressor():
    return lzma.LZMADecompressor()


def zlib_compressor():
    return zlib.compressobj()


def zlib_decompressor():
    return zlib.decompressobj()


def incremental_codec():
    return codecs.getincrementaldecoder("gb18030")()


def double_ended(held):
    return collections.deque([held, held])


def ordered(held):
    return collections.OrderedDict([(1, held)])


def default(held):
    return collections.defaultdict(None, {1: held})


def counts(held):
    return collections.Counter({held: 1})


def variable(held):
    return contextvars.ContextVar("variable", default=held)


def context(held):
    made = contextvars.copy_context()
    made.run(VARIABLE.set, held)
    return made


VARIABLE: contextvars.ContextVar = contextvars.ContextVar("of_the_context")


def csv_reader(held):
    return csv.reader(itertools.chain(["a,b"], held))


def csv_writer(held):
    class Sink:
        def write(self, text):
            return held

    return csv.writer(Sink())


def c_integer():
    return ctypes.c_int(5)


def c_array(held):
    made = (ctypes.py_object * 2)()
    made[0] = held
    return made


def c_callback(held):
    return ctypes.CFUNCTYPE(ctypes.c_int)(lambda: held and 1)


def date():
    return datetime.date(2026, 1, 2)


def moment(held):
    return datetime.datetime(2026, 1, 2, tzinfo=Zone(held))


def time_of_day(held):
    return datetime.time(1, 2, tzinfo=Zone(held))


def span():
    return datetime.timedelta(1, 2, 3)


def fixed_zone():
    return datetime.timezone(datetime.timedelta(hours=1))


def zone():
    return zoneinfo.ZoneInfo.no_cache("UTC")


def number():
    return decimal.Decimal("1.5")


def number_context():
    return decimal.Context()


def element(held):
    made = ET.Element("a")
    made.text = held
    return made


def tree_builder(held):
    return ET.TreeBuilder(element_factory=lambda *a: held)


def xml_parser(held):
    return ET.XMLParser(target=held)


def expat_parser(held):
    made = expat.ParserCreate()
    made.StartElementHandler = held
    return made


def partial(held):
    return functools.partial(print, held)


def cached(held):
    return functools.lru_cache(lambda: held)


def sort_key(held):
    return functools.cmp_to_key(lambda a, b: 0)(held)


def digest():
    return hashlib.sha256(b"x")


def blake():
    return hashlib.blake2b(b"x")


def keyed_digest():
    return hmac.new(b"key", b"x", "sha256")


def bytes_file():
    return io.BytesIO(b"x")


def text_file():
    return io.StringIO("x")


def buffered(held):
    raw = io.BytesIO(b"x")
    made = io.BufferedReader(raw)
    made.held = held
    return made


def buffered_pair(held):
    made = io.BufferedRWPair(io.BytesIO(), io.BytesIO())
    made.held = held
    return made


def text_wrapper(held):
    made = io.TextIOWrapper(io.BytesIO(b"x"))
    made.held = held
    return made


def file_itself():
    return io.FileIO("/dev/null")


def chain(held):
    return itertools.chain([held], [held])


def cycle(held):
    return itertools.cycle([held])


def groups(held):
    return itertools.groupby([held], held)


def tee(held):
    return itertools.tee([held])[1]


def product(held):
    return itertools.product([held], [held])


def chosen(held):
    return itertools.islice([held], 5)


def zipped(held):
    return itertools.zip_longest([held], fillvalue=held)


def pickler(held):
    made = pickle.Pickler(io.BytesIO())
    made.dispatch_table = {int: held}
    return made


def unpickler():
    return pickle.Unpickler(io.BytesIO(b"N."))


def json_scanner(held):
    return json.scanner.c_make_scanner(json.JSONDecoder(object_hook=held))


def json_encoder(held):
    return json.encoder.c_make_encoder(
        None, held, str, None, ":", ",", False, False, True)


def mapping():
    return mmap.mmap(-1, 4096)


def item(held):
    return operator.itemgetter(held)


def attribute():
    return operator.attrgetter("a.b", "c")


def method(held):
    return operator.methodcaller("a", held, key=held)


def simple_queue(held):
    made = queue.SimpleQueue()
    made.put(held)
    return made


def generator_of_numbers():
    return random.Random(1)


def pattern():
    return re.compile("(a)(b)")


def match():
    return re.match("(a)", "ab")


def scanner():
    return re.compile("a").scanner("aba")


def poller():
    return select.epoll()


def unbound_socket():
    return socket.socket()


def database(held):
    made = sqlite3.connect(":memory:")
    made.row_factory = held
    return made


def cursor(held):
    made = sqlite3.connect(":memory:").cursor()
    made.row_factory = held
    return made


def row(held):
    made = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES)
    made.row_factory = sqlite3.Row
    return made.execute("select 1 as a").fetchone()


def tls_context(held):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.sni_callback = held
    return made


def memory_bio():
    return ssl.MemoryBIO()


def layout():
    return struct.Struct("if")


def namespace(held):
    return types.SimpleNamespace(held=held)


def proxy_of_mapping(held):
    return types.MappingProxyType({1: held})


def old_names():
    return unicodedata.ucd_3_2_0


class Weak:
    """What a weak reference may point at."""


KEPT = Weak()


def weak_reference(held):
    return weakref.ref(KEPT, lambda reference: held)


def slices(held):
    return slice(held, held)


def view():
    return memoryview(b"xyz")


def bound(held):
    return types.MethodType(print, held)


def cell(held):
    return types.CellType(held)


def property_of(held):
    return property(held)


def enumerated(held):
    return enumerate([held])


def mapped(held):
    return map(held, [held])


def backwards(held):
    return reversed([held])
