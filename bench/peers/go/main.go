// The service that a user would write in Go instead: net/http and SQLite, with group commit by one writer goroutine.
// It works on a store that appctl made, and keeps the same rules and the same durability.
package main

import (
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8081", "address to listen on")
	path := flag.String("store", "", "path of the SQLite store")
	flag.Parse()
	// The heap is small: collecting it less often costs some megabytes.
	debug.SetGCPercent(400)

	store, err := openStore(*path)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Handler:           &createHandler{store: store, keys: newKeyCache(store)},
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       60 * time.Second,
	}

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	store.close()
}
