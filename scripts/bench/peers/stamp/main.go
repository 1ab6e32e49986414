// Command stamp is the command of every program measured: it tells when its first instruction ran and when it was told
// to stop, and ends at once then. With an argument it ends without being told.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	say("start")
	if len(os.Args) > 1 {
		return
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	select {
	case <-told:
		say("told")
	case <-time.After(20 * time.Minute): // Whoever measured it is gone.
	}
}

// say prints an event, nanoseconds of Unix time and the process id.
func say(event string) {
	at := time.Now().UnixNano()
	fmt.Printf("%s %d %d\n", event, at, os.Getpid())
}
