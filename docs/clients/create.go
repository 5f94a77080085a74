// Creates an application, with the standard library alone: go run create.go NAME
// GATEWAY, ORGANIZATION and TOKEN say where, for whom, and with which key.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

const attempts = 5

type application struct {
	Name          string        `json:"name"`
	Configuration configuration `json:"configuration"`
}

type configuration struct {
	NotificationLanguage string `json:"notificationLanguage"`
}

type created struct {
	ID   string `json:"id"`
	Slug string `json:"slug"`
}

type refused struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    struct {
		Errors []struct {
			Pointer string `json:"pointer"`
			Message string `json:"message"`
		} `json:"errors"`
	} `json:"data"`
}

func (r *refused) Error() string {
	lines := []string{fmt.Sprintf("%d %s", r.Code, r.Message)}
	for _, one := range r.Data.Errors {
		lines = append(lines, one.Pointer+": "+one.Message)
	}
	return strings.Join(lines, "\n")
}

// ask sends it once. repeat: nothing is known, or it may work later; after so long.
func ask(client *http.Client, body []byte, key string) (made created, repeat bool, after time.Duration, err error) {
	url := os.Getenv("GATEWAY") + "/v1/organizations/" + os.Getenv("ORGANIZATION") + "/apps"
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return made, false, 0, err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	response, err := client.Do(request)
	if err != nil {
		return made, true, time.Second, err
	}
	defer response.Body.Close()
	var answer struct {
		Data  created `json:"data"`
		Error refused `json:"error"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return made, true, time.Second, err
	}
	switch response.StatusCode {
	case http.StatusOK:
		return answer.Data, false, 0, nil
	case http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
		if err != nil {
			seconds = 1
		}
		return made, true, time.Duration(seconds) * time.Second, &answer.Error
	}
	return made, false, 0, &answer.Error
}

func create(new application) (created, error) {
	body, err := json.Marshal(new)
	if err != nil {
		return created{}, err
	}
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return created{}, err
	}
	key := hex.EncodeToString(random) // the same in each attempt: however often it is sent, it creates once
	client := &http.Client{Timeout: 10 * time.Second}
	for attempt := 1; ; attempt++ {
		made, repeat, after, err := ask(client, body, key)
		if err == nil || !repeat || attempt == attempts {
			return made, err
		}
		time.Sleep(after)
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: create NAME")
		os.Exit(2)
	}
	made, err := create(application{os.Args[1], configuration{"en"}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(made.ID, made.Slug)
}
