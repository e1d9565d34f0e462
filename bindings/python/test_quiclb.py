# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Tests of quiclb.py with the library that QUICLB_LIBRARY names.  Prints TAP."""
import errno
import os
import pathlib
import sys
import tempfile
import unittest

import quiclb

VECTORS = pathlib.Path(__file__).parent.parent / "vectors"
KEY = "8f95f09245765f80256934e50c66207f"


class Vectors(unittest.TestCase):
    def test_vectors(self):
        count = 0
        for line in VECTORS.read_text().splitlines():
            if line.startswith("#"):
                continue
            number, server_id, nonce, option, key, cid = line.split()
            server_id, nonce, cid = map(bytes.fromhex, (server_id, nonce, cid))
            config = quiclb.Config(int(number), len(server_id), len(nonce), None if key == "-" else bytes.fromhex(key),
                                   option == "self-len")
            self.assertEqual(config.encode(server_id, nonce), cid, line)
            self.assertEqual(config.decode(cid + b"more"), (server_id, nonce), line)
            with self.assertRaises(quiclb.Error):
                config.decode(cid[:-1])
            count += 1
        self.assertGreater(count, 7)


class Sources(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.key = self.write("key", KEY)
        os.chmod(self.key, 0o600)

    def write(self, name, text):
        path = os.path.join(self.directory.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_rotation(self):
        configs = self.write("configs", f"0:0a01:8:{self.key}\n")
        source = quiclb.Source(configs)
        old = source.mint()
        self.assertEqual((len(old), source.cid_len, source.len_of(old[0])), (11, 11, 11))
        self.assertEqual(source.check(old), quiclb.State.CURRENT)
        self.write("configs", f"0:0a01:8:{self.key}\n1:0b01:4\n")
        self.assertTrue(source.reload())
        self.assertFalse(source.reload())
        self.assertEqual(source.check(old), quiclb.State.OLD)
        self.assertEqual(quiclb.Generator(source).mint()[1:3], b"\x0b\x01")
        self.write("configs", "9:0b01:4\n")
        with self.assertRaisesRegex(quiclb.Error, "configs:1: config ID must be 0 to 6"):
            source.reload()
        self.assertEqual(len(source.mint()), 7)

    def test_tokens(self):
        source = quiclb.Source(f"0:0a01:8:{self.key}")
        cid = source.mint()
        with self.assertRaises(quiclb.Error):
            source.reset_token(cid)
        source.set_reset_secret(bytes(16))
        self.assertEqual(len(source.reset_token(cid)), 16)
        again = quiclb.Source(f"0:0a01:8:{self.key}")
        again.set_reset_secret(bytes(16))
        self.assertEqual(again.reset_token(cid), source.reset_token(cid))

    def test_state(self):
        state = os.path.join(self.directory.name, "state")
        config, nonces = quiclb.Config(0, 2, 4, bytes.fromhex(KEY)), []
        for _ in range(2):
            source = quiclb.Source(f"0:0a01:4:{self.key}")
            source.use_state(state)
            nonces.append(int.from_bytes(config.decode(source.mint())[1], "big"))
        self.assertEqual((nonces[1] - nonces[0]) % 2 ** 32, 65536)

    def test_refusals(self):
        with self.assertRaisesRegex(quiclb.Error, "nonce length must be 4 to 18"):
            quiclb.Source("0:0a01:3")
        os.chmod(self.key, 0o644)
        with self.assertRaisesRegex(quiclb.Error, "everybody may use this key") as caught:
            quiclb.Source(f"0:0a01:8:{self.key}")
        self.assertEqual(caught.exception.errno, errno.EACCES)
        with self.assertRaises(quiclb.Error):
            quiclb.mint_unroutable(5)
        self.assertEqual(quiclb.mint_unroutable(8)[0], 0xe7)


def main(module):
    tests = [test for suite in unittest.defaultTestLoader.loadTestsFromModule(module) for test in suite]
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        result = unittest.TestResult()
        test(result)
        bad = result.errors + result.failures
        failed += bool(bad)
        print(f"{'not ok' if bad else 'ok'} {number} - python: {test.id().split('.')[-1]}")
        for _, text in bad:
            print("# " + text.replace("\n", "\n# "))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.modules[__name__]))
