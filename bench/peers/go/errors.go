package main

import (
	"encoding/json"
	"fmt"
	"net/http"
)

type apiError struct {
	status int
	body   []byte
}

func newError(status, code int, message string) *apiError {
	return &apiError{status, []byte(fmt.Sprintf(`{"status":false,"error":{"code":%d,"message":%q}}`, code, message))}
}

var (
	errMethod       = newError(405, 1003, "Method not allowed")
	errTooLarge     = newError(413, 1004, "Payload too large")
	errMediaType    = newError(415, 1005, "Unsupported media type")
	errNotFound     = newError(404, 3001, "Entity not found")
	errDatabase     = newError(503, 3002, "Database Error")
	errUnauthorized = newError(401, 4001, "Unauthorized")
	errNoToken      = newError(401, 4002, "No auth token")
	errKeyReused    = newError(422, 5002, "Idempotency key reused")
	errLimit        = newError(400, 5017, "Limit Exceeded")
	errProvider     = newError(400, 5060, "StorageProvider not found")
)

type violation struct {
	Pointer string `json:"pointer"`
	Message string `json:"message"`
}

func sendError(w http.ResponseWriter, e *apiError) { send(w, e.status, e.body) }

func sendViolations(w http.ResponseWriter, violations []violation) {
	list, _ := json.Marshal(violations)
	body := append([]byte(`{"status":false,"error":{"code":3000,"message":"Validation Error","data":{"errors":`), list...)
	send(w, http.StatusBadRequest, append(body, '}', '}', '}'))
}
