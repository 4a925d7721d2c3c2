// A gRPC server to hold the client against. It prints its port, and ends with its standard input.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// raw passes messages as they are.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

var _ encoding.CodecV2 = raw{}

func serve(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	request, _ := metadata.FromIncomingContext(stream.Context())
	var message []byte
	switch method {
	case "/t.T/Echo":
		for {
			err := stream.RecvMsg(&message)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := stream.SendMsg(&message); err != nil {
				return err
			}
		}
	case "/t.T/Fail":
		code, _ := strconv.Atoi(request.Get("code")[0])
		failure, err := status.New(codes.Code(code), "no naïve \"thing\" 100%\n").WithDetails(wrapperspb.String("why"))
		if err != nil {
			return err
		}
		return failure.Err()
	case "/t.T/Seen":
		deadline, ok := stream.Context().Deadline()
		left := int64(-1)
		if ok {
			left = time.Until(deadline).Milliseconds()
		}
		message = fmt.Appendf(nil, "%d %s", left, request.Get("user-agent")[0])
		return stream.SendMsg(&message)
	case "/t.T/Headers":
		header := metadata.MD{}
		for i := range 300 {
			header.Append("x-many", strconv.Itoa(i))
		}
		header.Append("x-some-bin", "\x00\xff", "second")
		if err := stream.SendHeader(header); err != nil {
			return err
		}
		return stream.SendMsg(&message)
	}
	return status.Error(codes.Unimplemented, "unknown method "+method)
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.ForceServerCodecV2(raw{}), grpc.UnknownServiceHandler(serve))
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(server.Serve(listener))
}
