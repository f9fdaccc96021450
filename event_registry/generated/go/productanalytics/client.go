// Code generated from the tracking plan by `analytics plan generate`. DO NOT EDIT.

// Package productanalytics has a type for each event of the tracking plan, and a client that sends them:
//
//	client, err := productanalytics.NewClient(productanalytics.Config{Host: "https://events.example.com", WriteKey: "…"})
//	defer client.Close(context.Background())
//	err = client.Track(productanalytics.Call{UserID: "u_1"}, productanalytics.NewReportCreated("rep_42"))
package productanalytics

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Call says who did it; what else may be said of a call is optional.
type Call struct {
	UserID      string
	AnonymousID string

	// Timestamp is when it happened; now, if nothing is said.
	Timestamp time.Time

	// MessageID makes sending again safe: under one id a call is stored once. A random one, if nothing is said.
	MessageID string

	Context map[string]any

	// Integrations says which destinations get it, as in Segment's spec.
	Integrations map[string]any
}

type message struct {
	Type         string         `json:"type"`
	Event        string         `json:"event,omitempty"`
	Properties   any            `json:"properties,omitempty"`
	Traits       any            `json:"traits,omitempty"`
	Name         string         `json:"name,omitempty"`
	GroupID      string         `json:"groupId,omitempty"`
	PreviousID   string         `json:"previousId,omitempty"`
	UserID       string         `json:"userId,omitempty"`
	AnonymousID  string         `json:"anonymousId,omitempty"`
	MessageID    string         `json:"messageId"`
	Timestamp    time.Time      `json:"timestamp"`
	Context      map[string]any `json:"context"`
	Integrations map[string]any `json:"integrations,omitempty"`
}

// Track says what somebody did. Its errors are mistakes of the caller's: trouble with the server is never among them.
func (c *Client) Track(call Call, event Event) error {
	return c.put(call, message{Type: "track", Event: event.eventName(), Properties: event}, event.problems())
}

// Identify says who somebody is.
func (c *Client) Identify(call Call, traits IdentifyTraits) error {
	return c.put(call, message{Type: "identify", Traits: traits}, traits.problems())
}

// Group says what somebody belongs to.
func (c *Client) Group(call Call, groupID string, traits GroupTraits) error {
	return c.put(call, message{Type: "group", GroupID: groupID, Traits: traits}, traits.problems())
}

// Page says which page somebody saw; the plan says nothing of its properties.
func (c *Client) Page(call Call, name string, properties map[string]any) error {
	return c.see("page", call, name, properties)
}

// Screen says which screen of an app somebody saw; the plan says nothing of its properties.
func (c *Client) Screen(call Call, name string, properties map[string]any) error {
	return c.see("screen", call, name, properties)
}

// Alias says that somebody who was known under another id is the user of the call.
func (c *Client) Alias(call Call, previousID string) error {
	if call.UserID == "" || previousID == "" {
		return errors.New("alias: name the UserID and the previous id")
	}
	return c.put(call, message{Type: "alias", PreviousID: previousID}, nil)
}

func (c *Client) see(kind string, call Call, name string, properties map[string]any) error {
	if properties == nil {
		properties = map[string]any{}
	}
	return c.put(call, message{Type: kind, Name: name, Properties: properties}, nil)
}

func (c *Client) put(call Call, content message, problems []string) error {
	if call.UserID == "" && call.AnonymousID == "" {
		return errors.New("name a UserID or an AnonymousID: a server has many users")
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s %s: %s", content.Type, content.Event, strings.Join(problems, "; "))
	}
	encoded, err := json.Marshal(completed(call, content))
	if err != nil {
		return fmt.Errorf("%s %s cannot be JSON: %w", content.Type, content.Event, err)
	}
	c.enqueue(encoded)
	return nil
}

func completed(call Call, content message) message {
	content.UserID, content.AnonymousID = call.UserID, call.AnonymousID
	content.MessageID, content.Timestamp = call.MessageID, call.Timestamp
	content.Integrations = call.Integrations
	if content.MessageID == "" {
		content.MessageID = newUUID()
	}
	if content.Timestamp.IsZero() {
		content.Timestamp = time.Now()
	}
	content.Context = map[string]any{"library": map[string]any{"name": "product-analytics-go", "version": "1"}}
	for name, value := range call.Context {
		content.Context[name] = value
	}
	return content
}

func newUUID() string {
	var bytes [16]byte
	_, _ = rand.Read(bytes[:]) // it never fails on the systems that Go supports
	bytes[6] = bytes[6]&0x0f | 0x40
	bytes[8] = bytes[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", bytes[0:4], bytes[4:6], bytes[6:8], bytes[8:10], bytes[10:])
}

func oneOf[T ~string](found []string, field string, value T, choices ...T) []string {
	for _, choice := range choices {
		if value == choice {
			return found
		}
	}
	return append(found, field+": expected one of its choices")
}

func atLeast(found []string, field string, value, minimum float64) []string {
	if value < minimum {
		return append(found, field+": expected at least "+strconv.FormatFloat(minimum, 'f', -1, 64))
	}
	return found
}

func notNil[T any](found []string, field string, list []T) []string {
	if list == nil {
		return append(found, field+": expected a list, found nil")
	}
	return found
}
