// SPDX-License-Identifier: MIT
//
// The peer of bench/sync.c: the same measures with Go's goroutines, channels, mutexes and timers.
//
//	bench_sync_go [--seconds S] MEASURE
//
// Prints "MEASURE NANOSECONDS ALLOCATIONS" per operation.  The number of threads that run Go code
// is GOMAXPROCS.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

const (
	capacity   = 64
	tasks      = 8
	permits    = 2
	fewTimers  = 1000
	manyTimers = 1000000
)

var (
	mutex   sync.Mutex
	counter uint64
)

func lockOften(count int) {
	for ; count > 0; count-- {
		mutex.Lock()
		counter++
		mutex.Unlock()
	}
}

// crowd runs the parties, each with its count, and waits for all.
func crowd(count int, parties ...func(int)) {
	var group sync.WaitGroup
	for _, party := range parties {
		group.Add(1)
		go func(party func(int)) {
			party(count)
			group.Done()
		}(party)
	}
	group.Wait()
}

func repeat(party func(int)) []func(int) {
	all := make([]func(int), tasks)
	for i := range all {
		all[i] = party
	}
	return all
}

func mutexContended(count int) { crowd(count/tasks, repeat(lockOften)...) }

// A semaphore is a channel of as many places as there are permits.
var semaphore = make(chan struct{}, permits)

func acquireOften(count int) {
	for ; count > 0; count-- {
		semaphore <- struct{}{}
		<-semaphore
	}
}

func semaphoreContended(count int) { crowd(count/tasks, repeat(acquireOften)...) }

var there, back chan uint64

func openBounded()    { there, back = make(chan uint64, capacity), make(chan uint64) }
func openRendezvous() { there, back = make(chan uint64), make(chan uint64) }

func sendAll(count int) {
	for ; count > 0; count-- {
		there <- uint64(count)
	}
}

func receiveAll(count int) {
	for ; count > 0; count-- {
		<-there
	}
}

func answerAll(count int) {
	for ; count > 0; count-- {
		back <- <-there
	}
}

func askAll(count int) {
	for ; count > 0; count-- {
		there <- 0
		<-back
	}
}

func channelItem(count int)     { crowd(count, sendAll, receiveAll) }
func channelPingPong(count int) { crowd(count, answerAll, askAll) }

func channelContended(count int) {
	crowd(count/(tasks/2), sendAll, receiveAll, sendAll, receiveAll, sendAll, receiveAll, sendAll,
		receiveAll)
}

func selectReady(count int) {
	for ; count > 0; count-- {
		there <- 1
		select {
		case <-there:
		case <-back:
			panic("nobody sends")
		}
	}
}

var armed []*time.Timer

func nothing() {}

func arm(nth int) *time.Timer {
	length := time.Hour + time.Duration(nth*7919%3600000)*time.Millisecond
	return time.AfterFunc(length, nothing)
}

func armAll(count int) func() {
	return func() {
		armed = make([]*time.Timer, count)
		for i := range armed {
			armed[i] = arm(i)
		}
	}
}

func timer(count int) {
	for ; count > 0; count-- {
		arm(count).Stop()
	}
}

type measure struct {
	timed  func(count int)
	before func()
}

var measures = map[string]measure{
	"mutex":       {lockOften, nothing},
	"channel":     {channelItem, openBounded},
	"ping-pong":   {channelPingPong, openRendezvous},
	"select":      {selectReady, openBounded},
	"timer-1k":    {timer, armAll(fewTimers)},
	"timer-1m":    {timer, armAll(manyTimers)},
	"mutex-2":     {mutexContended, nothing},
	"channel-2":   {channelContended, openBounded},
	"semaphore-2": {semaphoreContended, nothing},
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, text)
	os.Exit(2)
}

func run(name string, m measure, seconds float64) {
	var before, after runtime.MemStats
	m.before()
	for count := 1024; ; count *= 2 {
		runtime.ReadMemStats(&before)
		begin := time.Now()
		m.timed(count)
		ns := float64(time.Since(begin).Nanoseconds())
		runtime.ReadMemStats(&after)
		if ns < seconds*1e9 {
			continue
		}
		allocations := float64(after.Mallocs - before.Mallocs)
		fmt.Printf("%s %.2f %.3f\n", name, ns/float64(count), allocations/float64(count))
		return
	}
}

func main() {
	arguments := os.Args[1:]
	seconds := 0.05
	if len(arguments) == 3 && arguments[0] == "--seconds" {
		var err error
		seconds, err = strconv.ParseFloat(arguments[1], 64)
		if err != nil || seconds <= 0 {
			fail("--seconds needs a number above 0")
		}
		arguments = arguments[2:]
	}
	if len(arguments) != 1 {
		fail("usage: bench_sync_go [--seconds S] MEASURE")
	}
	m, known := measures[arguments[0]]
	if !known {
		fail("no such measure: " + arguments[0])
	}
	run(arguments[0], m, seconds)
}
