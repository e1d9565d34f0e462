// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

package quiclb

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// The line that an operator writes for a config, ID:SERVER-ID:NONCE-LENGTH[,self-len][:KEY-FILE], see Documentation/provisioning.rst.

const (
	specFileMax = 65536 // octets
	keyFileMax  = 256   // 32 digits, and room for white space
)

type line struct {
	id       int
	serverID []byte
	nonceLen int
	selfLen  bool
	keyFile  string // empty: plaintext
}

// parseNumber takes decimal digits and nothing else, below 100.
func parseNumber(text string) (int, bool) {
	if len(text) < 1 || len(text) > 2 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	number, err := strconv.Atoi(text)
	return number, err == nil
}

// parseHex reads hex digits of either case, white space ignored. It does not repeat in an error what it read, which may be a key.
func parseHex(text, what string) ([]byte, error) {
	octets, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	switch {
	case errors.Is(err, hex.ErrLength):
		return nil, fmt.Errorf("the %s has an odd number of hex digits", what)
	case err != nil:
		return nil, fmt.Errorf("the %s has a character that is not a hex digit", what)
	}
	return octets, nil
}

func parseServerID(text string) ([]byte, error) {
	serverID, err := parseHex(text, "server ID")
	switch {
	case err != nil:
		return nil, err
	case len(serverID) == 0:
		return nil, errors.New("the server ID is empty")
	case len(serverID) > ServerIDLenMax:
		return nil, errors.New("the server ID is longer than 15 octets")
	}
	return serverID, nil
}

// parseOptions reads NONCE-LENGTH[,self-len].
func (l *line) parseOptions(text string) error {
	var ok bool
	options := strings.Split(text, ",")
	if l.nonceLen, ok = parseNumber(options[0]); !ok {
		return errors.New("nonce length must be 4 to 18")
	}
	for _, option := range options[1:] {
		if option != "self-len" {
			return errors.New("the only option of a config is self-len")
		}
		if l.selfLen {
			return errors.New("self-len is given twice")
		}
		l.selfLen = true
	}
	return nil
}

func parseLine(text string) (*line, error) {
	var ok bool
	var err error
	fields := strings.SplitN(text, ":", 4)
	if len(fields) < 3 {
		return nil, errors.New("a config is ID:SERVER-ID:NONCE-LENGTH[,self-len][:KEY-FILE]")
	}
	l := &line{}
	if l.id, ok = parseNumber(fields[0]); !ok {
		return nil, errors.New("config ID must be 0 to 6")
	}
	if l.serverID, err = parseServerID(fields[1]); err != nil {
		return nil, err
	}
	if err = l.parseOptions(fields[2]); err != nil {
		return nil, err
	}
	if len(fields) == 4 {
		if fields[3] == "" {
			return nil, errors.New("the key file's name is empty; without a key, leave out the last colon")
		}
		l.keyFile = fields[3]
	}
	return l, nil
}

// checkKeyFile refuses a file that others than its owner and its group can read, or others than its owner can write.
func checkKeyFile(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	mode := info.Mode()
	switch {
	case !mode.IsRegular():
		return errors.New("not a regular file")
	case mode.Perm()&0o007 != 0:
		return errors.New(`everybody may use this key; run "chmod o= FILE"`)
	case mode.Perm()&0o020 != 0:
		return errors.New(`its group may change this key; run "chmod g-w FILE"`)
	}
	return nil
}

// readLimited reads a file of at most limit octets. With O_NONBLOCK a FIFO is refused, not waited for.
func readLimited(path string, limit int64, check func(*os.File) error) (string, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if err = check(file); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return "", err
	}
	if int64(len(text)) > limit {
		return "", fmt.Errorf("%s: longer than %d octets", path, limit)
	}
	return string(text), nil
}

func readKey(path string) ([]byte, error) {
	text, err := readLimited(path, keyFileMax, checkKeyFile)
	if err != nil {
		return nil, err
	}
	key, err := parseHex(text, "key")
	if err == nil && len(key) != KeyLen {
		err = errors.New("the key must have 32 hex digits")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

func (l *line) config() (*Config, error) {
	if l.keyFile == "" {
		return NewConfig(l.id, len(l.serverID), l.nonceLen, l.selfLen, nil)
	}
	key, err := readKey(l.keyFile)
	if err != nil {
		return nil, err
	}
	return NewConfig(l.id, len(l.serverID), l.nonceLen, l.selfLen, key)
}
