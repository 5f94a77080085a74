package main

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	beforeRecord = `{"status":true,"data":`
	beforeRole   = `,"sdk":{"ios":{"ota":false,"forceUpdate":false,"minVersion":"","forceAuth":false},` +
		`"android":{"ota":false,"forceUpdate":false,"minVersion":"","forceAuth":false}},` +
		`"notifications":{"newBuildNotifyCollaborators":false,"newBuildNotifyEmployees":false,` +
		`"newBuildMessage":"","newFeedbackNotifyCollaborators":false},` +
		`"description":"","oss":[],"buildPlatforms":[],"security":{"role":"`
	beforeRetention = `","buildRetentionDays":-1,"buildsRetainedPerPublication":-1},` +
		`"retentionApplied":{"maxBillingBuildRetentionDays":`
	beforeMetadata = `","counts":{"totalBuilds":0,"activeInstalls":0,"feedbackCount":0},"metadata":`
)

var (
	idRandom  [5]byte
	idCounter uint32
)

func init() {
	var seed [4]byte
	rand.Read(idRandom[:])
	rand.Read(seed[:])
	idCounter = binary.BigEndian.Uint32(seed[:])
}

func newID(now time.Time) (id [12]byte) {
	binary.BigEndian.PutUint32(id[:], uint32(now.Unix()))
	copy(id[4:], idRandom[:])
	n := atomic.AddUint32(&idCounter, 1)
	id[9], id[10], id[11] = byte(n>>16), byte(n>>8), byte(n)
	return id
}

// The answer with its record; the record alone is answer[len(beforeRecord):len(answer)-1].
func renderAnswer(a *application, k *key, o *organization, provider []byte, id []byte, slug string, now time.Time) []byte {
	out := make([]byte, 0, 1200+2*len(a.name)+len(a.metadata)+len(a.scripts)+len(provider)+len(slug))
	out = append(out, beforeRecord+`{"id":"`...)
	out = hexAppend(out, id)
	out = append(out, `","name":`...)
	out = append(out, marshal(a.name)...)
	out = append(out, `,"slug":"`...)
	out = append(out, slug...)
	out = append(out, '"')
	out = append(out, beforeRole...)
	out = append(out, k.role...)
	out = append(out, `"},"configuration":{`...)
	if provider != nil {
		out = append(out, `"storageProvider":`...)
		out = append(out, provider...)
		out = append(out, ',')
	}
	out = append(out, `"notificationLanguage":"`...)
	out = append(out, a.language...)
	out = append(out, beforeRetention...)
	out = strconv.AppendInt(out, o.buildRetentionDays, 10)
	out = append(out, `,"buildsRetainedPerPublication":`...)
	out = strconv.AppendInt(out, o.buildsPerPublication, 10)
	out = append(out, `},"organization":"`...)
	out = append(out, k.organization...)
	out = append(out, beforeMetadata...)
	out = append(out, a.metadata...)
	out = append(out, `,"defaultScripts":`...)
	out = append(out, a.scripts...)
	out = append(out, `,"createdBy":"`...)
	out = append(out, k.owner...)
	out = append(out, `","createdAt":"`...)
	out = now.AppendFormat(out, "2006-01-02T15:04:05.000Z")
	out = append(out, `","updatedAt":"`...)
	out = now.AppendFormat(out, "2006-01-02T15:04:05.000Z")
	return append(out, `"}}`...)
}

func hexAppend(out, bytes []byte) []byte {
	n := len(out)
	out = append(out, make([]byte, hex.EncodedLen(len(bytes)))...)
	hex.Encode(out[n:], bytes)
	return out
}
