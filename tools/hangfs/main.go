// hangfs mounts a file system that does what a server does that is gone: its file "hang" is there and is never opened to
// an end, and its "lost" is never found. It says "ready" on standard output, and unmounts when its standard input ends.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

type root struct{ fs.Inode }

func (r *root) OnAdd(ctx context.Context) {
	r.AddChild("hang", r.NewPersistentInode(ctx, &hanging{}, fs.StableAttr{Mode: fuse.S_IFREG, Ino: 2}), true)
	dockerfile := &fs.MemRegularFile{Data: []byte("FROM scratch\nCOPY hang /\n"), Attr: fuse.Attr{Mode: 0o644}}
	r.AddChild("Dockerfile", r.NewPersistentInode(ctx, dockerfile, fs.StableAttr{Ino: 3}), true)
}

func (r *root) Lookup(_ context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if name == "lost" {
		<-end
	}
	child := r.GetChild(name)
	if child == nil {
		return nil, syscall.ENOENT
	}
	var attributes fuse.AttrOut
	child.Operations().(fs.NodeGetattrer).Getattr(context.Background(), nil, &attributes)
	out.Attr = attributes.Attr
	return child, 0
}

type hanging struct{ fs.Inode }

var end = make(chan struct{})

func (h *hanging) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode, out.Size = 0o644, 10
	return 0
}

func (h *hanging) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	<-end
	return nil, 0, syscall.EIO
}

func main() {
	mount := fuse.MountOptions{DirectMountStrict: true, FsName: "hangfs", Name: "hangfs"}
	server, err := fs.Mount(os.Args[1], &root{}, &fs.Options{MountOptions: mount})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	close(end)
	syscall.Unmount(os.Args[1], syscall.MNT_DETACH)
	server.Wait()
}
