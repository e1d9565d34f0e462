// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

package quiclb

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const keyHex = "8f95f09245765f80256934e50c66207f"

// vector is a line of the file that all implementations share.
type vector struct {
	text                 string
	config               *Config
	serverID, nonce, cid []byte
}

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	octets, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

func parseVector(t testing.TB, text string) vector {
	t.Helper()
	fields := strings.Fields(text)
	if len(fields) != 6 {
		t.Fatalf("%q has not six fields", text)
	}
	id, err := strconv.Atoi(fields[0])
	if err != nil {
		t.Fatal(err)
	}
	v := vector{text: text, serverID: fromHex(t, fields[1]), nonce: fromHex(t, fields[2]), cid: fromHex(t, fields[5])}
	var key []byte
	if fields[4] != "-" {
		key = fromHex(t, fields[4])
	}
	v.config, err = NewConfig(id, len(v.serverID), len(v.nonce), fields[3] == "self-len", key)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func vectors(t testing.TB) (all []vector) {
	t.Helper()
	text, err := os.ReadFile("../vectors")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range strings.Split(string(text), "\n") {
		if l != "" && !strings.HasPrefix(l, "#") {
			all = append(all, parseVector(t, l))
		}
	}
	if len(all) < 8 {
		t.Fatalf("only %d vectors", len(all))
	}
	return all
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		cid, err := v.config.Encode(v.serverID, v.nonce, 0)
		if err != nil || !bytes.Equal(cid, v.cid) {
			t.Errorf("%s: encoded to %x, %v", v.text, cid, err)
		}
		serverID, nonce, err := v.config.Decode(append(append([]byte{}, v.cid...), "more"...))
		if err != nil || !bytes.Equal(serverID, v.serverID) || !bytes.Equal(nonce, v.nonce) {
			t.Errorf("%s: decoded to %x, %x, %v", v.text, serverID, nonce, err)
		}
		if _, _, err = v.config.Decode(v.cid[:len(v.cid)-1]); !errors.Is(err, ErrShort) {
			t.Errorf("%s: too short: %v", v.text, err)
		}
		if _, _, err = v.config.Decode([]byte{v.cid[0] ^ 0x20}); !errors.Is(err, ErrConfigID) {
			t.Errorf("%s: another config: %v", v.text, err)
		}
	}
}

// Every length that there can be, with and without a key: decoding undoes encoding, and only the first octet is as it was.
func TestLengths(t *testing.T) {
	key := fromHex(t, keyHex)
	octets := bytes.Repeat([]byte{0xa5}, CIDLenMax)
	for serverIDLen := 1; serverIDLen <= ServerIDLenMax; serverIDLen++ {
		for nonceLen := NonceLenMin; serverIDLen+nonceLen <= plaintextLenMax; nonceLen++ {
			for _, k := range [][]byte{nil, key} {
				config, err := NewConfig(6, serverIDLen, nonceLen, false, k)
				if err != nil {
					t.Fatal(err)
				}
				cid, err := config.Encode(octets[:serverIDLen], octets[:nonceLen], 0xff)
				if err != nil || cid[0] != 6<<5|0x1f || len(cid) != config.CIDLen() {
					t.Fatalf("%d:%d: %x, %v", serverIDLen, nonceLen, cid, err)
				}
				if (k == nil) != bytes.Equal(cid[1:], octets[:len(cid)-1]) {
					t.Errorf("%d:%d: %x: encrypted, or not", serverIDLen, nonceLen, cid)
				}
				serverID, nonce, err := config.Decode(cid)
				if err != nil || !bytes.Equal(append(serverID, nonce...), octets[:len(cid)-1]) {
					t.Errorf("%d:%d: %x: decoded to %x, %x, %v", serverIDLen, nonceLen, cid, serverID, nonce, err)
				}
			}
		}
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func keyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	write(t, path, keyHex+"\n", 0o640)
	return path
}

func open(t *testing.T, spec string) *Source {
	t.Helper()
	source, err := Open(spec)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func mint(t *testing.T, source *Source) []byte {
	t.Helper()
	cid, err := source.Mint()
	if err != nil {
		t.Fatal(err)
	}
	return cid
}

func reload(t *testing.T, source *Source) bool {
	t.Helper()
	changed, err := source.Reload()
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestRotation(t *testing.T) {
	key, configs := keyFile(t), filepath.Join(t.TempDir(), "configs")
	write(t, configs, "# ours\n\n 0:0a01:8:"+key+" # the first\n", 0o644)
	source := open(t, configs)
	old := mint(t, source)
	if len(old) != 11 || source.CIDLen() != 11 || source.LenOf(old[0]) != 11 || source.Check(old) != Current {
		t.Fatalf("%x: %d, %d, %d", old, source.CIDLen(), source.LenOf(old[0]), source.Check(old))
	}
	if reload(t, source) {
		t.Error("nothing was changed")
	}
	write(t, configs, "0:0a01:8:"+key+"\n1:0b01:4\n", 0o644)
	if !reload(t, source) || source.Check(old) != Old {
		t.Errorf("after a rotation, the old CID is %d", source.Check(old))
	}
	if cid := mint(t, source); len(cid) != 7 || cid[0]>>5 != 1 || !bytes.Equal(cid[1:3], []byte{0x0b, 0x01}) {
		t.Errorf("the new config makes %x", cid)
	}
	write(t, configs, "1:0b01:4\n", 0o644)
	if reload(t, source) || source.Check(old) != Foreign || source.LenOf(old[0]) != 0 {
		t.Error("a removed config still decodes")
	}
	write(t, configs, "9:0b01:4\n", 0o644)
	if _, err := source.Reload(); err == nil || !strings.HasSuffix(err.Error(), "configs:1: config ID must be 0 to 6") {
		t.Errorf("a bad file: %v", err)
	}
	if len(mint(t, source)) != 7 {
		t.Error("a failed reload has changed something")
	}
}

// A config that is read again, unchanged or beside others, goes on where it was.
func TestNoncesOverReload(t *testing.T) {
	key, configs := keyFile(t), filepath.Join(t.TempDir(), "configs")
	write(t, configs, "0:0a01:4:"+key+"\n", 0o644)
	source := open(t, configs)
	mint(t, source)
	before := source.NoncesLeft()
	write(t, configs, "1:0a01:4:"+key+"\n0:0a01:4:"+key+"\n", 0o644)
	reload(t, source)
	mint(t, source)
	if left := source.NoncesLeft(); left != before-1 {
		t.Errorf("%d nonces are left, not %d", left, before-1)
	}
}

func TestNonces(t *testing.T) {
	source := open(t, "0:0a01:4:"+keyFile(t))
	newest := source.set.Load().newest()
	copy(newest.nonces.first, []byte{0xff, 0xff, 0xff, 0xfe})
	for i, want := range []string{"fffffffe", "ffffffff", "00000000", "00000001"} {
		_, nonce, err := newest.Decode(mint(t, source))
		if err != nil || hex.EncodeToString(nonce) != want {
			t.Errorf("nonce %d is %x, not %s: %v", i, nonce, want, err)
		}
	}
	newest.nonces.used.Store(1<<32 - 1)
	last := mint(t, source)
	if source.NoncesLeft() != 0 || source.Check(last) != Current {
		t.Errorf("after the last nonce %d are left", source.NoncesLeft())
	}
	for i := 0; i < 3; i++ {
		cid := mint(t, source)
		if cid[0] != 0xe6 || len(cid) != 7 || source.Check(cid) != Current || source.LenOf(cid[0]) != 7 {
			t.Errorf("without a nonce: %x", cid)
		}
	}
}

// Goroutines never get the same nonce, or one of a config that was replaced.
func TestGoroutines(t *testing.T) {
	const each, goroutines = 500, 8
	var lock sync.Mutex
	var group sync.WaitGroup
	source, seen := open(t, "0:0a01:4:"+keyFile(t)), map[string]bool{}
	for i := 0; i < goroutines; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := 0; j < each; j++ {
				cid, err := source.Mint()
				if j%100 == 0 {
					_, err = source.Reload()
				}
				if err != nil {
					t.Error(err)
				}
				lock.Lock()
				seen[string(cid[1:])] = true
				lock.Unlock()
			}
		}()
	}
	group.Wait()
	if len(seen) != each*goroutines {
		t.Errorf("%d of %d CIDs differ", len(seen), each*goroutines)
	}
}

func TestGenerator(t *testing.T) {
	configs := filepath.Join(t.TempDir(), "configs")
	write(t, configs, "0:0a01:8\n", 0o644)
	source := open(t, configs)
	generator := For(source, func(cid []byte) string { return string(cid) })
	cid, err := generator.GenerateConnectionID()
	if err != nil || len(cid) != 11 || generator.ConnectionIDLen() != 11 || cid[1:3] != "\x0a\x01" {
		t.Errorf("%x, %v", cid, err)
	}
	write(t, configs, "0:0a01:8\n1:0a01:9\n", 0o644)
	if _, err = source.Reload(); err == nil || !strings.Contains(err.Error(), "would have 12 octets") {
		t.Errorf("another length: %v", err)
	}
	write(t, configs, "0:0a01:8\n1:0a02:8\n", 0o644)
	reload(t, source)
	if cid, err = generator.GenerateConnectionID(); err != nil || cid[1:3] != "\x0a\x02" {
		t.Errorf("after a reload: %x, %v", cid, err)
	}
}

func TestUnroutable(t *testing.T) {
	for length := 0; length <= CIDLenMax+1; length++ {
		cid, err := MintUnroutable(length)
		if length < 6 || length > CIDLenMax {
			if err == nil {
				t.Errorf("%d octets are not refused", length)
			}
		} else if err != nil || len(cid) != length || cid[0] != 0xe0|byte(length-1) {
			t.Errorf("%d octets: %x, %v", length, cid, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	key := keyFile(t)
	long, odd := filepath.Join(t.TempDir(), "long"), filepath.Join(t.TempDir(), "odd")
	write(t, long, strings.Repeat(" ", keyFileMax+1), 0o600)
	write(t, odd, keyHex+"0", 0o600)
	for spec, want := range map[string]string{
		"0":                                    "a config is ID:SERVER-ID:NONCE-LENGTH[,self-len][:KEY-FILE]",
		"7:0a01:8":                             "config ID must be 0 to 6",
		"0 :0a01:8":                            "config ID must be 0 to 6",
		"0:0a0:8":                              "the server ID has an odd number of hex digits",
		"0::8":                                 "the server ID is empty",
		"0:zz:8":                               "the server ID has a character that is not a hex digit",
		"0:00112233445566778899aabbccddeeff:4": "the server ID is longer than 15 octets",
		"0:0a01:3":                             "nonce length must be 4 to 18",
		"0:0a01:+8":                            "nonce length must be 4 to 18",
		"0:0a01:18":                            "server ID and nonce must be 19 octets at most together",
		"0:0a01:8,fast":                        "the only option of a config is self-len",
		"0:0a01:8,self-len,self-len":           "self-len is given twice",
		"0:0a01:8:":                            "the key file's name is empty; without a key, leave out the last colon",
		"0:0a01:8:/dev/null":                   "/dev/null: not a regular file",
		"0:0a01:8:" + long:                     long + ": longer than 256 octets",
		"0:0a01:8:" + odd:                      odd + ": the key has an odd number of hex digits",
		"0:0a01:8:" + key + "/none":            "open " + key + "/none: not a directory",
	} {
		if _, err := Open(spec); err == nil || err.Error() != want {
			t.Errorf("%s: %v, not %s", spec, err, want)
		}
	}
}

func TestKeyFileMode(t *testing.T) {
	key := keyFile(t)
	for mode, want := range map[os.FileMode]string{0o644: "everybody may use this key", 0o660: "its group may change this key", 0o602: "everybody"} {
		write(t, key, keyHex, mode)
		if _, err := Open("0:0a01:8:" + key); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestFiles(t *testing.T) {
	configs := filepath.Join(t.TempDir(), "configs")
	key := keyFile(t)
	for text, want := range map[string]string{
		"# nothing\n":                      "configs: there is no config in it",
		"0:01:8\n0:02:8\n":                 "configs:2: two lines have this config ID; give each its own",
		"0:01:8\n\n1:01:8:" + key + "\n":   "configs:3: a plaintext config and one with a key have the same server ID;",
		strings.Repeat("#\n", specFileMax): "configs: longer than 65536 octets",
	} {
		write(t, configs, text, 0o644)
		if _, err := Open(configs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, not %s", text, err, want)
		}
	}
	if _, err := Open(""); err == nil {
		t.Error("an empty spec is not refused")
	}
}

// FuzzDecode: any CID that a config takes is the one that it makes of what it has read.
func FuzzDecode(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(byte(len(v.serverID)), byte(len(v.nonce)), v.config.key, v.cid)
	}
	f.Fuzz(func(t *testing.T, serverIDLen, nonceLen byte, key, cid []byte) {
		if len(key) != KeyLen {
			key = nil
		}
		if len(cid) == 0 {
			return
		}
		config, err := NewConfig(int(cid[0]>>5), int(serverIDLen), int(nonceLen), false, key)
		if err != nil {
			return
		}
		serverID, nonce, err := config.Decode(cid)
		if err != nil {
			if len(cid) >= config.CIDLen() {
				t.Fatal(err)
			}
			return
		}
		again, err := config.Encode(serverID, nonce, cid[0])
		if err != nil || !bytes.Equal(again, cid[:config.CIDLen()]) {
			t.Fatalf("%x is %x, %x and then %x: %v", cid, serverID, nonce, again, err)
		}
	})
}

// FuzzLine: a line that is taken makes CIDs that are its source's.
func FuzzLine(f *testing.F) {
	for _, text := range []string{"0:0a01:8", "6:0A 01:8,self-len", "1:00:18:", "0:0a01:8:/", "::", "00:0a:04"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parseLine(text)
		if err != nil || l.keyFile != "" {
			return
		}
		if _, err = l.config(); err != nil {
			return
		}
		if text[0] < '0' || text[0] > '9' {
			t.Fatalf("%q would be a file", text)
		}
		source, err := Open(text)
		if err != nil {
			t.Fatal(err)
		}
		cid, err := source.Mint()
		if err != nil || source.Check(cid) != Current || source.LenOf(cid[0]) != len(cid) {
			t.Fatalf("%q: %x, %v", text, cid, err)
		}
	})
}
