# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""QUIC-LB connection IDs by libquiclb, for QUIC servers in Python.  See quiclb_source(3).

    source = quiclb.Source("0:0a01:8:/etc/quiclb.key")
    cid = source.mint()
"""
import ctypes
import enum
import os

__all__ = ["CID_LEN_MAX", "Config", "Error", "Generator", "Source", "State", "mint_unroutable"]

CID_LEN_MAX = 20
RESET_TOKEN_LEN = 16
_ERROR_LEN = 512
_SELF_LEN = 1


class Error(OSError):
    """A refusal, with the library's sentence."""


class State(enum.IntEnum):
    """What a CID is to a source."""
    FOREIGN = 0
    OLD = 1         # of an earlier config: give the client another one and retire it
    CURRENT = 2


def _open():
    # QUICLB_LIBRARY is for tests of a library that is not installed
    name = os.environ.get("QUICLB_LIBRARY") or "libquiclb.so.1"
    library = ctypes.CDLL(name, use_errno=True)
    pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    sizes = ctypes.POINTER(size)
    for function, result, arguments in (
            ("config_new", pointer, (ctypes.c_uint,) * 4 + (text, ctypes.POINTER(text))),
            ("config_free", None, (pointer,)),
            ("encode", None, (pointer, text, text, ctypes.c_uint8, text)),
            ("decode", ctypes.c_int, (pointer, text, size, text, text)),
            ("mint_unroutable", ctypes.c_int, (text, size)),
            ("source_open", pointer, (text, text)),
            ("source_free", None, (pointer,)),
            ("source_reload", ctypes.c_int, (pointer, text)),
            ("source_use_state", ctypes.c_int, (pointer, text, text)),
            ("source_mint", ctypes.c_int, (pointer, text, sizes)),
            ("source_cid_len", size, (pointer,)),
            ("source_encrypts", ctypes.c_bool, (pointer,)),
            ("source_len_of", size, (pointer, ctypes.c_uint8)),
            ("source_check", ctypes.c_int, (pointer, text, size)),
            ("source_nonces_left", ctypes.c_uint64, (pointer,)),
            ("source_set_reset_secret", ctypes.c_int, (pointer, text, size)),
            ("source_reset_token", ctypes.c_int, (pointer, text, size, text)),
            ("generator_new", pointer, (pointer,)),
            ("generator_free", None, (pointer,)),
            ("generator_mint", ctypes.c_int, (pointer, text, sizes))):
        entry = getattr(library, "quiclb_" + function)
        entry.restype, entry.argtypes = result, arguments
    return library


_library = _open()


def _check(result, sentence=""):
    """Raises what a function returned, if that is a negative errno."""
    if result < 0:
        raise Error(-result, sentence or os.strerror(-result))
    return result


def _mint(function, handle):
    cid, length = ctypes.create_string_buffer(CID_LEN_MAX), ctypes.c_size_t()
    _check(function(handle, cid, ctypes.byref(length)))
    return cid.raw[:length.value]


def mint_unroutable(length):
    """A CID of 6 to 20 octets for a server without a config: a director routes it by address."""
    cid = ctypes.create_string_buffer(CID_LEN_MAX)
    _check(_library.quiclb_mint_unroutable(cid, length))
    return cid.raw[:length]


class Config:
    """One config, for tools: its CIDs are made of nonces that the caller chooses."""

    def __init__(self, config_id, server_id_len, nonce_len, key=None, self_len=False):
        why = ctypes.c_char_p()
        if key is not None and len(key) != 16:
            raise Error(22, "the key must be 16 octets")
        self._handle = _library.quiclb_config_new(config_id, server_id_len, nonce_len, _SELF_LEN if self_len else 0, key,
                                                  ctypes.byref(why))
        if not self._handle:
            raise Error(ctypes.get_errno(), why.value.decode())
        self._lengths = server_id_len, nonce_len

    def __del__(self):
        if getattr(self, "_handle", None):
            _library.quiclb_config_free(self._handle)

    def encode(self, server_id, nonce, random_bits=0):
        if (len(server_id), len(nonce)) != self._lengths:
            raise Error(22, "server ID and nonce must have the config's lengths")
        cid = ctypes.create_string_buffer(CID_LEN_MAX)
        _library.quiclb_encode(self._handle, server_id, nonce, random_bits, cid)
        return cid.raw[:1 + sum(self._lengths)]

    def decode(self, cid):
        """(server ID, nonce); Error for another config's CID and for one that is too short."""
        server_id, nonce = (ctypes.create_string_buffer(length) for length in self._lengths)
        _check(_library.quiclb_decode(self._handle, cid, len(cid), server_id, nonce))
        return server_id.raw, nonce.raw


class Source:
    """The configs of one server: the last line of a file mints, all of them decode."""

    def __init__(self, spec):
        self.spec = spec
        error = ctypes.create_string_buffer(_ERROR_LEN)
        self._handle = _library.quiclb_source_open(os.fsencode(spec), error)
        if not self._handle:
            raise Error(ctypes.get_errno(), error.value.decode(errors="replace"))

    def __del__(self):
        if getattr(self, "_handle", None):
            _library.quiclb_source_free(self._handle)

    def reload(self):
        """Reads the files again; True if another config mints now.  What there was stays after an Error."""
        error = ctypes.create_string_buffer(_ERROR_LEN)
        result = _library.quiclb_source_reload(self._handle, error)
        return bool(_check(result, error.value.decode(errors="replace")))

    def use_state(self, path):
        """Keeps nonces apart over restarts, by a file of this process alone."""
        error = ctypes.create_string_buffer(_ERROR_LEN)
        _check(_library.quiclb_source_use_state(self._handle, os.fsencode(path), error), error.value.decode(errors="replace"))

    def mint(self):
        return _mint(_library.quiclb_source_mint, self._handle)

    @property
    def cid_len(self):
        return _library.quiclb_source_cid_len(self._handle)

    @property
    def encrypts(self):
        """Without a key, a server SHOULD NOT give a client several CIDs."""
        return _library.quiclb_source_encrypts(self._handle)

    @property
    def nonces_left(self):
        return _library.quiclb_source_nonces_left(self._handle)

    def len_of(self, first_octet):
        """Octets of a CID with this first octet, or 0."""
        return _library.quiclb_source_len_of(self._handle, first_octet)

    def check(self, cid):
        return State(_library.quiclb_source_check(self._handle, cid, len(cid)))

    def set_reset_secret(self, secret):
        """16 octets or more, of this server alone."""
        _check(_library.quiclb_source_set_reset_secret(self._handle, secret, len(secret)))

    def reset_token(self, cid):
        token = ctypes.create_string_buffer(RESET_TOKEN_LEN)
        _check(_library.quiclb_source_reset_token(self._handle, cid, len(cid), token))
        return token.raw


class Generator:
    """One thread's share of a source."""

    def __init__(self, source):
        self._source = source   # which must outlive it
        self._handle = _library.quiclb_generator_new(source._handle)    # pylint: disable=protected-access
        if not self._handle:
            raise MemoryError

    def __del__(self):
        if getattr(self, "_handle", None):
            _library.quiclb_generator_free(self._handle)

    def mint(self):
        return _mint(_library.quiclb_generator_mint, self._handle)
