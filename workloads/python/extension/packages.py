# SPDX-License-Identifier: MIT
"""How objects of extension types of packages are made: pmm check-extension.

    pmm check-extension --factories workloads/python/extension/packages.py

What is not installed for the interpreter is left out. EXTENSIONS.md, beside the
folder, tells what was found.
"""

import importlib


def _of(package):
    """Make a factory of a function of the module and of what is to be held.

    Where the package cannot be imported there is none.
    """

    def factory(function):
        try:
            module = importlib.import_module(package)
        except ImportError:
            return None
        if function.__code__.co_argcount > 1:
            return lambda held: function(module, held)
        return lambda: function(module)

    return factory


@_of("ahocorasick")
def automaton(module, held):
    made = module.Automaton()
    made.add_word("he", held)
    return made


@_of("BTrees.OOBTree")
def btree(module, held):
    made = module.OOBTree()
    made["a"] = held
    return made


@_of("bitarray")
def bits(module):
    return module.bitarray("101")


@_of("bitarray")
def frozen_bits(module):
    return module.frozenbitarray("101")


@_of("brotli")
def brotli_compressor(module):
    return module.Compressor()


@_of("brotli")
def brotli_decompressor(module):
    return module.Decompressor()


@_of("frozenlist")
def frozen_list(module, held):
    return module.FrozenList([held])


@_of("greenlet")
def small_thread(module, held):
    return module.greenlet(held)


@_of("immutables")
def immutable_map(module, held):
    return module.Map({"a": held})


@_of("immutables")
def map_mutation(module, held):
    return module.Map({"a": held}).mutate()


@_of("lru")
def lru(module, held):
    made = module.LRU(2)
    made[1] = held
    return made


@_of("lxml.etree")
def lxml_element(module):
    return module.fromstring("<a><b/></a>")


@_of("lxml.etree")
def lxml_parser(module):
    return module.XMLParser()


@_of("lxml.etree")
def lxml_path(module):
    return module.XPath("//a")


@_of("markupsafe")
def markup(module):
    return module.Markup("<b>")


@_of("msgpack")
def msgpack_packer(module, held):
    return module.Packer(default=held)


@_of("msgpack")
def msgpack_unpacker(module, held):
    return module.Unpacker(object_hook=lambda entries: held)


@_of("msgspec.json")
def json_encoder(module, held):
    return module.Encoder(enc_hook=lambda one: held)


@_of("msgspec.json")
def json_decoder(module, held):
    return module.Decoder(dec_hook=lambda kind, one: held)


@_of("multidict")
def multidict(module, held):
    return module.MultiDict(a=held)


@_of("multidict")
def multidict_proxy(module, held):
    return module.MultiDictProxy(module.MultiDict(a=held))


@_of("multidict")
def caseless_text(module):
    return module.istr("A")


@_of("numpy")
def numpy_array(module):
    return module.arange(3)


@_of("numpy")
def numpy_number(module):
    return module.float64(1)


@_of("numpy")
def numpy_dtype(module):
    return module.dtype([("a", "i4")])


@_of("orjson")
def json_fragment(module):
    return module.Fragment(b"[]")


@_of("propcache.api")
def cached_property(module, held):
    return module.under_cached_property(held)


@_of("pycurl")
def curl(module, held):
    made = module.Curl()
    made.setopt(made.WRITEFUNCTION, lambda data: held)
    return made


@_of("pycurl")
def curl_multi(module):
    return module.CurlMulti()


@_of("pycurl")
def curl_share(module):
    return module.CurlShare()


@_of("yaml._yaml")
def yaml_parser(module):
    return module.CParser("a: 1")


@_of("yaml._yaml")
def yaml_mark(module):
    return module.Mark("a", 1, 2, 3, None, None)


@_of("rapidfuzz.distance")
def edits(module):
    return module.Levenshtein.editops("abc", "abd")


@_of("regex")
def regex_pattern(module):
    return module.compile("(a)(b)")


@_of("regex")
def regex_match(module):
    return module.match("(a)", "ab")


@_of("rpds")
def persistent_map(module, held):
    return module.HashTrieMap({1: held})


@_of("rpds")
def persistent_list(module, held):
    return module.List([held])


@_of("simplejson.decoder")
def simplejson_scanner(module, held):
    return module.JSONDecoder(object_hook=lambda entries: held).scan_once


@_of("wrapt")
def object_proxy(module, held):
    return module.ObjectProxy(held)


@_of("wrapt")
def function_wrapper(module, held):
    return module.FunctionWrapper(lambda: held, lambda *some: None)


@_of("wrapt")
def partial_proxy(module, held):
    return module.PartialCallableObjectProxy(print, held)


@_of("xxhash")
def xxh64(module):
    return module.xxh64(b"x")


@_of("xxhash")
def xxh3(module):
    return module.xxh3_128(b"x")


@_of("zstandard")
def zstd_compressor(module):
    return module.ZstdCompressor()


@_of("zstandard")
def zstd_writer(module, held):
    class Sink:
        def write(self, data):
            return held and len(data)

    return module.ZstdCompressor().stream_writer(Sink(), closefd=False)
