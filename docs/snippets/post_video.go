// Connects a user, posts a video and waits for its end. Go 1.19 or newer, its standard library alone.
//
//	KEY=tgk_… go run post_video.go clip.mp4 'Rye, day four' order-0017
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Answer is what every call gives, success or not.
type Answer struct {
	Successful bool    `json:"successful"`
	Sentence   string  `json:"error"`
	Problem    Problem `json:"problem"`
	Data       struct {
		State        string `json:"state"`
		AuthorizeURL string `json:"authorize_url"`
		PublishID    string `json:"publish_id"`
		FailReason   string `json:"fail_reason"`
		StatusPath   string `json:"status_path"` // of outcome_unknown
	} `json:"data"`
}

// Problem tells a program what to do.
type Problem struct {
	Code         string `json:"code"`
	Retryable    bool   `json:"retryable"`
	RetryAfterMS int64  `json:"retry_after_ms"`
	RequestID    string `json:"request_id"`
	Fields       []struct{ Field, Reason string }
}

// Refused is an answer that is no success, as an error.
type Refused struct{ Answer }

func (r Refused) Error() string {
	return fmt.Sprintf("%s: %s %s", r.Problem.Code, r.Sentence, r.Problem.RequestID)
}

var gateway = func() string {
	if given := os.Getenv("GATEWAY"); given != "" {
		return given
	}
	return "http://127.0.0.1:8080"
}()
var user = gateway + "/v1/users/customer-4711"

func ask(method, where, wish, file string) (answer Answer, err error) {
	request, err := http.NewRequest(method, where, nil)
	if err != nil {
		return answer, err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEY"))
	if file != "" {
		body, err := os.Open(file)
		if err != nil {
			return answer, err
		}
		defer body.Close()
		about, err := body.Stat()
		if err != nil {
			return answer, err
		}
		request.Body, request.ContentLength = body, about.Size()
		request.Header.Set("Content-Type", "video/mp4")
		request.Header.Set("Idempotency-Key", wish)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer, err
	}
	defer response.Body.Close()
	return answer, json.NewDecoder(response.Body).Decode(&answer)
}

// call asks; the same again, after the wait that the gateway names, while it can still succeed.
func call(method, where, wish, file string) (Answer, error) {
	for until := time.Now().Add(5 * time.Minute); ; {
		answer, err := ask(method, where, wish, file)
		wait := time.Second
		switch {
		case errors.Is(err, os.ErrNotExist):
			return answer, err
		case err != nil && time.Now().After(until):
			return answer, err
		case err != nil: // no answer, or not the gateway's: what is written has an Idempotency-Key, so send it again
			fmt.Fprintln(os.Stderr, "no answer, so again:", err)
		case answer.Successful:
			return answer, nil
		default:
			if answer.Problem.RetryAfterMS > 0 {
				wait = time.Duration(answer.Problem.RetryAfterMS) * time.Millisecond
			}
			if !answer.Problem.Retryable || time.Now().Add(wait).After(until) {
				return answer, Refused{answer}
			}
		}
		time.Sleep(wait)
	}
}

func isConnected() (bool, error) {
	answer, err := call("GET", user, "", "")
	var refused Refused
	if errors.As(err, &refused) && refused.Problem.Code == "user_not_connected" {
		return false, nil
	}
	return answer.Data.State == "connected", err
}

func connect() error {
	if there, err := isConnected(); there || err != nil {
		return err
	}
	begun, err := call("POST", user+"/connect", "", "")
	if err != nil {
		return err
	}
	fmt.Println("open", begun.Data.AuthorizeURL) // in the browser of that very user
	for tries := 0; tries < 300; tries++ {
		if there, err := isConnected(); there || err != nil {
			return err
		}
		time.Sleep(2 * time.Second)
	}
	return errors.New("nobody logged in within ten minutes")
}

func post(file, caption, wish string) (string, error) {
	query := url.Values{"publish": {"true"}, "privacy_level": {"SELF_ONLY"}, "caption": {caption}}
	answer, err := call("POST", user+"/videos?"+query.Encode(), wish, file)
	return answer.Data.PublishID, err
}

func follow(publishID string) (Answer, error) {
	for {
		answer, err := call("GET", user+"/posts/"+publishID, "", "")
		state := answer.Data.State
		if err != nil || state == "in_inbox" || state == "published" || state == "failed" {
			return answer, err
		}
		time.Sleep(2 * time.Second) // TikTok takes 30 of these calls a minute
	}
}

func run() error {
	if err := connect(); err != nil {
		return err
	}
	publishID, err := post(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		return err
	}
	end, err := follow(publishID)
	if err == nil {
		fmt.Println(end.Data.State, publishID, end.Data.FailReason)
	}
	return err
}

func main() {
	if len(os.Args) != 4 || os.Getenv("KEY") == "" {
		fmt.Fprintln(os.Stderr, "usage: KEY=tgk_… go run post_video.go FILE CAPTION WISH")
		os.Exit(2)
	}
	err := run()
	var refused Refused
	if errors.As(err, &refused) {
		switch refused.Problem.Code {
		case "outcome_unknown": // it may be posted: never send it under another key before this has told an end
			fmt.Fprintln(os.Stderr, "ask", refused.Data.StatusPath)
		case "reconnect_required":
			fmt.Fprintln(os.Stderr, "this user has to connect again")
		case "invalid_input":
			for _, fault := range refused.Problem.Fields {
				fmt.Fprintln(os.Stderr, fault.Field, fault.Reason)
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
