// Code generated from the tracking plan by `analytics plan generate`. DO NOT EDIT.

package productanalytics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	mostBytes         = 450_000                // of a request; the server takes 500 KiB
	firstPause        = 500 * time.Millisecond // after a failure; it doubles with each
	longestPause      = time.Minute
	exitTimeout       = 5 * time.Second // of a Close whose context has no deadline
	longestRetryAfter = 5 * time.Minute // what a server asks for beyond this is a mistake of its own
	tries             = 3               // of a request that the server fails on, before it is taken apart
)

// Config says where a Client sends to, and how; what is zero has a default.
type Config struct {
	Host          string // such as https://events.example.com
	WriteKey      string
	BatchSize     int                  // so many waiting calls are sent at once, and at most so many in one request; 100
	FlushInterval time.Duration        // that a call waits for others to go with it; 500 ms
	QueueSize     int                  // so many calls may wait; 10,000
	Timeout       time.Duration        // that the server has for an answer; 10 s
	OnError       func(message string) // told of calls that were refused, dropped or given up, never with what is in them; log.Print
}

// Client sends calls to the ingest API, in batches, from a goroutine of its own.
//
// A call waits until the server has confirmed or refused it. While the server is away the client tries again, ever more
// seldom, and up to QueueSize calls wait; more are dropped and reported. A call that the server fails on (5xx), again and
// again, while it takes others, is given up and holds up nobody.
type Client struct {
	config   Config
	http     *http.Client
	context  context.Context // of all requests and pauses; it ends when Close runs out of time
	cancel   context.CancelFunc
	added    chan struct{} // has something in it after a call was added
	finished chan struct{}

	mutex     sync.Mutex
	queue     [][]byte
	isClosing bool

	// Used by the goroutine alone.
	most      int  // calls in a request; fewer after the server has found one too large
	failures  int  // in a row
	skipped   int  // calls at the head of the queue, while another one is tried
	isSuspect bool // the first call, which failed alone while another one was taken
}

// NewClient starts a client; Close ends it.
func NewClient(config Config) (*Client, error) {
	if !strings.HasPrefix(config.Host, "https://") && !strings.HasPrefix(config.Host, "http://") {
		return nil, errors.New("the Host must begin with https:// or http://")
	}
	config = withDefaults(config)
	ctx, cancel := context.WithCancel(context.Background())
	client := &Client{
		config:   config,
		http:     &http.Client{Timeout: config.Timeout, CheckRedirect: followNothing},
		context:  ctx,
		cancel:   cancel,
		added:    make(chan struct{}, 1),
		finished: make(chan struct{}),
		most:     config.BatchSize,
	}
	go client.work()
	return client, nil
}

// Close sends what waits, and takes nothing more. It gives up when the context ends, or after five seconds when the context
// has no deadline, and then says what was lost.
func (c *Client) Close(ctx context.Context) error {
	if _, hasDeadline := ctx.Deadline(); !hasDeadline {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, exitTimeout)
		defer cancel()
	}
	c.mutex.Lock()
	c.isClosing = true
	c.mutex.Unlock()
	c.wake()
	select {
	case <-c.finished:
	case <-ctx.Done():
		c.cancel()
		<-c.finished
	}
	c.cancel()
	if left := c.waiting(); left > 0 {
		return fmt.Errorf("%d call(s) were not delivered before the client closed", left)
	}
	return nil
}

func withDefaults(config Config) Config {
	if config.BatchSize == 0 {
		config.BatchSize = 100
	}
	if config.FlushInterval == 0 {
		config.FlushInterval = 500 * time.Millisecond
	}
	if config.QueueSize == 0 {
		config.QueueSize = 10_000
	}
	if config.Timeout == 0 {
		config.Timeout = 10 * time.Second
	}
	if config.OnError == nil {
		config.OnError = func(message string) { log.Print("productanalytics: " + message) }
	}
	return config
}

// A redirected POST would arrive as a GET, without its calls.
func followNothing(*http.Request, []*http.Request) error {
	return http.ErrUseLastResponse
}

func (c *Client) enqueue(call []byte) {
	c.mutex.Lock()
	isClosed, isFull := c.isClosing, len(c.queue) >= c.config.QueueSize
	if !isClosed && !isFull {
		c.queue = append(c.queue, call)
	}
	c.mutex.Unlock()
	switch {
	case isClosed:
		c.config.OnError("1 call was dropped: the client is closed")
	case isFull:
		c.config.OnError("1 call was dropped: the client is full")
	default:
		c.wake()
	}
}

func (c *Client) wake() {
	select {
	case c.added <- struct{}{}:
	default:
	}
}

func (c *Client) waiting() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.queue)
}

func (c *Client) work() {
	defer close(c.finished)
	for c.context.Err() == nil && c.awaitBatch() {
		batch := c.head()
		c.settle(len(batch), c.post(batch))
	}
}

// awaitBatch returns when calls are to go, and says false when there are none and will be none.
func (c *Client) awaitBatch() bool {
	var due <-chan time.Time
	for {
		c.mutex.Lock()
		count, isClosing := len(c.queue), c.isClosing
		c.mutex.Unlock()
		if count >= c.config.BatchSize || isClosing {
			return count > 0
		}
		if count > 0 && due == nil {
			due = time.After(c.config.FlushInterval)
		}
		select {
		case <-c.added:
		case <-due:
			return true
		}
	}
}

// head is the oldest calls: at least one, and no more than go into a request.
func (c *Client) head() [][]byte {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	oldest := c.queue[c.skipped:]
	count, room := 0, mostBytes
	for count < len(oldest) && count < c.most {
		room -= len(oldest[count]) + 1
		if count > 0 && room < 0 {
			break
		}
		count++
	}
	return oldest[:count:count]
}

type outcome struct {
	status int // 0 for no answer
	answer answer
	pause  time.Duration // that the server asks for
}

type answer struct {
	Message          string `json:"message"`
	Rejected         []note `json:"rejected"`
	RejectedCount    int    `json:"rejected_count"`
	Quarantined      []note `json:"quarantined"`
	QuarantinedCount int    `json:"quarantined_count"`
}

type note struct {
	Problems []struct {
		Path    string `json:"path"`
		Message string `json:"message"`
	} `json:"problems"`
}

func (c *Client) post(batch [][]byte) outcome {
	sentAt := time.Now().UTC().Format(time.RFC3339Nano)
	body := []byte(`{"sentAt":"` + sentAt + `","batch":[`)
	body = append(append(body, bytes.Join(batch, []byte(","))...), "]}"...)
	url := strings.TrimRight(c.config.Host, "/") + "/v1/batch"
	request, err := http.NewRequestWithContext(c.context, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return outcome{}
	}
	request.Header.Set("Content-Type", "application/json")
	request.SetBasicAuth(c.config.WriteKey, "")
	response, err := c.http.Do(request)
	if err != nil {
		return outcome{}
	}
	defer response.Body.Close()
	told, err := io.ReadAll(response.Body)
	if err != nil {
		return outcome{}
	}
	found := outcome{status: response.StatusCode, pause: retryAfter(response.Header.Get("Retry-After"))}
	_ = json.Unmarshal(told, &found.answer) // the answer of a proxy may be no JSON, and says nothing then
	return found
}

// settle forgets the calls that the server has decided on; the others stay and are sent again.
func (c *Client) settle(count int, found outcome) {
	reason := strings.TrimSpace(fmt.Sprintf("HTTP %d %s", found.status, found.answer.Message))
	switch status := found.status; {
	case status == 0:
		c.pause("no answer", 0)
	case status == http.StatusRequestEntityTooLarge && count > 1:
		c.most = count / 2
	case status >= 300 && status < 400, status == 408, status == 429, status >= 500:
		c.pause(reason, found.pause)
		if status >= 500 && c.failures >= tries {
			c.narrow(count, reason)
		}
	default:
		c.forget(count)
		if status >= 300 {
			c.config.OnError(fmt.Sprintf("%d call(s) were refused: %s", count, reason))
		}
		c.reportProblems("rejected", found.answer.Rejected, found.answer.RejectedCount)
		c.reportProblems("quarantined", found.answer.Quarantined, found.answer.QuarantinedCount)
	}
}

// narrow looks for the one call that the server fails on; when it fails on every call, none is given up.
//
// A request is halved until a call fails alone. Then others are tried: when one is taken, the first call gets its last
// tries.
func (c *Client) narrow(count int, reason string) {
	switch {
	case count > 1:
		c.most = count / 2
	case c.isSuspect:
		c.forget(1)
		c.config.OnError("1 call was given up: the server fails on it, and takes others: " + reason)
	default:
		c.skipped = (c.skipped + 1) % c.waiting()
	}
}

func (c *Client) forget(count int) {
	c.mutex.Lock()
	rest := c.queue[c.skipped+count:]
	if c.skipped > 0 {
		rest = append(append([][]byte{}, c.queue[:c.skipped]...), rest...)
	}
	c.queue = rest
	c.mutex.Unlock()
	c.isSuspect = c.skipped > 0
	c.skipped = 0
	c.most = c.config.BatchSize
	if c.isSuspect {
		c.most = 1
	}
	c.failures = 0
}

// reportProblems tells of calls that were refused, or kept aside, while the others of their batch were taken.
func (c *Client) reportProblems(fate string, notes []note, count int) {
	if len(notes) > 0 && len(notes[0].Problems) > 0 {
		problem := notes[0].Problems[0]
		c.config.OnError(fmt.Sprintf("%d call(s) were %s: %s: %s", count, fate, problem.Path, problem.Message))
	}
}

// pause waits before the same calls are sent again.
func (c *Client) pause(reason string, least time.Duration) {
	if c.failures == 0 {
		c.config.OnError("not delivered yet, trying again: " + reason)
	}
	backoff := longestPause
	if c.failures < 7 {
		backoff = firstPause << c.failures
	}
	c.failures++
	backoff = time.Duration(float64(backoff) * (0.5 + rand.Float64()/2))
	if backoff < least {
		backoff = least
	}
	select {
	case <-time.After(backoff):
	case <-c.context.Done():
	}
}

// retryAfter is how long the server wants to be left alone; the header holds seconds or a date.
func retryAfter(value string) time.Duration {
	var asked time.Duration
	if seconds, err := strconv.Atoi(value); err == nil {
		asked = time.Duration(seconds) * time.Second
	} else if moment, err := http.ParseTime(value); err == nil {
		asked = time.Until(moment)
	}
	if asked > longestRetryAfter {
		return longestRetryAfter
	}
	return asked
}
