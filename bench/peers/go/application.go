package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxName = 128

type application struct {
	name     string
	slug     string
	provider []byte // nil: the organization's default
	language string
	metadata []byte
	scripts  []byte
}

type scripts struct {
	PreInstall  *string `json:"preInstall,omitempty"`
	PostInstall *string `json:"postInstall,omitempty"`
	Audit       *string `json:"audit,omitempty"`
	Enforce     *string `json:"enforce,omitempty"`
	Runner      *string `json:"runner,omitempty"`
}

type createBody struct {
	Name          *string `json:"name"`
	Configuration struct {
		StorageProvider      string  `json:"storageProvider"`
		NotificationLanguage *string `json:"notificationLanguage"`
	} `json:"configuration"`
	Metadata       json.RawMessage `json:"metadata"`
	DefaultScripts scripts         `json:"defaultScripts"`
}

func readApplication(text []byte) (*application, []violation) {
	var body createBody
	if err := json.Unmarshal(text, &body); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return nil, []violation{{"/" + strings.ReplaceAll(wrong.Field, ".", "/"), "has the wrong type"}}
		}
		return nil, []violation{{"", err.Error()}}
	}

	var violations []violation
	a := &application{language: "en", metadata: []byte("{}"), scripts: []byte("{}")}
	add := func(pointer, message string) { violations = append(violations, violation{pointer, message}) }

	if body.Name == nil {
		add("/name", "is required")
	} else if a.name = strings.TrimSpace(*body.Name); a.name == "" {
		add("/name", "must not be empty")
	} else if message := nameFault(a.name); message != "" {
		add("/name", message)
	}
	if id := body.Configuration.StorageProvider; id != "" && id != "__DEFAULT__" {
		var err error
		if a.provider, err = hex.DecodeString(id); err != nil || len(a.provider) != 12 {
			add("/configuration/storageProvider", "must be empty, __DEFAULT__ or 24 hexadecimal digits")
		}
	}
	if language := body.Configuration.NotificationLanguage; language != nil {
		if a.language = *language; !isLanguage(a.language) {
			add("/configuration/notificationLanguage", "must be one of es, en, fr, de, it, zh, pt, ru")
		}
	}
	if body.Metadata != nil {
		if body.Metadata[0] != '{' {
			add("/metadata", "must be an object")
		} else {
			var compact bytes.Buffer
			compact.Grow(len(body.Metadata))
			json.Compact(&compact, body.Metadata)
			a.metadata = compact.Bytes()
		}
	}
	if body.DefaultScripts != (scripts{}) {
		a.scripts = marshal(body.DefaultScripts)
	}
	if len(violations) > 0 {
		return nil, violations
	}
	a.slug = slugOf(a.name)
	return a, nil
}

func nameFault(name string) string {
	if utf8.RuneCountInString(name) > maxName {
		return "must have at most 128 characters"
	}
	for _, r := range name {
		if unicode.IsControl(r) {
			return "must not contain control characters"
		}
		if (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			return "must not contain bidirectional controls"
		}
	}
	return ""
}

func isLanguage(language string) bool {
	switch language {
	case "es", "en", "fr", "de", "it", "zh", "pt", "ru":
		return true
	}
	return false
}

// Like json.Marshal, without escaping <, > and &.
func marshal(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.Encode(value)
	return bytes.TrimRight(out.Bytes(), "\n")
}
