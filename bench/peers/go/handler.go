package main

import (
	"bytes"
	"crypto/sha256"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

const (
	pathPrefix = "/v1/organizations/"
	pathSuffix = "/apps"
	maxBody    = 1 << 20
)

type createHandler struct {
	store *store
	keys  *keyCache
}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (h *createHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	organization, ok := organizationOf(r.URL.Path)
	if !ok {
		sendError(w, errNotFound)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		sendError(w, errMethod)
		return
	}
	key, refusal := h.keys.authenticate(r.Header.Get("Authorization"))
	if refusal != nil {
		w.Header().Set("WWW-Authenticate", `Bearer realm="applications"`)
		sendError(w, refusal)
		return
	}
	if !key.mayCreateIn(organization) {
		sendError(w, errNotFound)
		return
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		sendError(w, errMediaType)
		return
	}

	buffer := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(buffer)
	buffer.Reset()
	if _, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		sendError(w, errTooLarge)
		return
	}
	application, violations := readApplication(buffer.Bytes())
	if len(violations) > 0 {
		sendViolations(w, violations)
		return
	}

	c := &create{key: key, application: application, done: make(chan struct{})}
	if idempotency := r.Header.Get("Idempotency-Key"); idempotency != "" {
		c.setRequest(idempotency, buffer.Bytes())
	}
	h.store.create(c)
	if c.refusal != nil {
		sendError(w, c.refusal)
		return
	}
	if c.replayed {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	send(w, http.StatusOK, c.answer)
}

func (c *create) setRequest(idempotency string, body []byte) {
	request := sha256.Sum256([]byte(c.key.id + "\x00" + idempotency))
	c.request = request[:]
	hash := sha256.New()
	io.WriteString(hash, c.key.organization)
	hash.Write(body)
	c.fingerprint = hash.Sum(nil)
}

func organizationOf(path string) (string, bool) {
	if !strings.HasPrefix(path, pathPrefix) || !strings.HasSuffix(path, pathSuffix) ||
		len(path) <= len(pathPrefix)+len(pathSuffix) {
		return "", false
	}
	return path[len(pathPrefix) : len(path)-len(pathSuffix)], true
}

func isJSON(contentType string) bool {
	if contentType == "application/json" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/json"
}

func send(w http.ResponseWriter, status int, body []byte) {
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(body)
}
