package main

import (
	"strconv"
	"strings"

	"github.com/gosimple/unidecode"
)

const (
	minSlug = 3
	maxSlug = 128
)

// The base slug of a name; empty when nothing is left.
func slugOf(name string) string {
	for i := 0; i < len(name); i++ {
		if name[i] >= 0x80 {
			name = unidecode.Unidecode(name)
			break
		}
	}
	out := make([]byte, 0, len(name))
	dash := false
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
			fallthrough
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			if dash && len(out) > 0 {
				out = append(out, '-')
			}
			dash = false
			out = append(out, c)
		case c == '\'' || c == '"':
		default:
			dash = true
		}
	}
	if len(out) > maxSlug {
		out = out[:maxSlug]
	}
	slug := strings.TrimRight(string(out), "-")
	if slug != "" && (len(slug) < minSlug || isHex24(slug)) {
		slug = "app-" + slug
	}
	return slug
}

func numberedSlug(base string, number int) string {
	suffix := "-" + strconv.Itoa(number)
	if len(base)+len(suffix) > maxSlug {
		base = strings.TrimRight(base[:maxSlug-len(suffix)], "-")
	}
	return base + suffix
}

func isHex24(text string) bool {
	if len(text) != 24 {
		return false
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		if !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}
