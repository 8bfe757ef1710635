// tlog_check LOG VKEY: verifies a tlog-tiles log with Go's checksum-database libraries, which share no code with ours.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tiles reads tiles of height 8 from a folder. Go names them tile/8/LEVEL/..., C2SP tile/LEVEL/...
type tiles struct{ folder string }

func path(t tlog.Tile) string {
	if t.L < 0 {
		return strings.Replace(t.Path(), "tile/8/data/", "tile/entries/", 1)
	}
	return strings.Replace(t.Path(), "tile/8/", "tile/", 1)
}

func (r tiles) Height() int { return 8 }

func (r tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range want {
		data, err := os.ReadFile(filepath.Join(r.folder, path(t)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (r tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	folder := os.Args[1]
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		verifier, err = note.NewVerifier(strings.TrimSpace(os.Args[2]))
	}
	must(err)
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	must(err)
	signed, err := note.Open(text, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		log.Fatalf("not a checkpoint of %s: %q", verifier.Name(), signed.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	var root tlog.Hash
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	copy(root[:], raw)

	tree := tlog.Tree{N: size, Hash: root}
	reader := tlog.TileHashReader(tree, tiles{folder})
	var data []byte
	for n := int64(0); n < size; n++ {
		if n%256 == 0 {
			tile := tlog.Tile{H: 8, L: -1, N: n / 256, W: 256}
			if size-n < 256 {
				tile.W = int(size - n)
			}
			if len(data) != 0 {
				log.Fatalf("entry bundle before entry %d is too long", n)
			}
			data, err = os.ReadFile(filepath.Join(folder, path(tile)))
			must(err)
		}
		length := int(binary.BigEndian.Uint16(data))
		leaf := tlog.RecordHash(data[2 : 2+length])
		data = data[2+length:]
		proof, err := tlog.ProveRecord(size, n, reader)
		must(err)
		if err := tlog.CheckRecord(proof, size, root, n, leaf); err != nil {
			log.Fatalf("entry %d: %v", n, err)
		}
	}
	if len(data) != 0 {
		log.Fatal("the last entry bundle is too long")
	}
	fmt.Println("verified", size)
}
