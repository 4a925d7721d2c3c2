// Answers which entries of a directory BuildKit's own client would send, for the tests: one JSON request a line on
// standard input, one JSON reply a line on standard output.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	gofs "io/fs"
	"os"

	"github.com/tonistiigi/fsutil"
)

type request struct {
	Root    string   `json:"root"`
	Include []string `json:"include"`
	Exclude []string `json:"exclude"`
}

type reply struct {
	Sent  []string `json:"sent"`
	Error string   `json:"error,omitempty"`
}

func main() {
	requests, replies := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var r request
		if err := requests.Decode(&r); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			panic(err)
		}
		replies.Encode(answer(r))
	}
}

func answer(r request) reply {
	out := reply{Sent: []string{}}
	disk, err := fsutil.NewFS(r.Root)
	if err == nil {
		disk, err = fsutil.NewFilterFS(disk, &fsutil.FilterOpt{IncludePatterns: r.Include, ExcludePatterns: r.Exclude})
	}
	if err == nil {
		err = disk.Walk(context.Background(), "", func(path string, _ gofs.DirEntry, err error) error {
			if err == nil {
				out.Sent = append(out.Sent, path)
			}
			return err
		})
	}
	if err != nil {
		out.Error = err.Error()
	}
	return out
}
