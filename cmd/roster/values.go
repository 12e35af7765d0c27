package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"roster/mail"
	"roster/signin"
)

// The functions below return the setter of one kind of value. A setter's error says what the value must be; the caller names the setting.

func text(into *string) func(string) error {
	return func(value string) error {
		if strings.ContainsRune(value, 0) {
			return errors.New("it must not contain a NUL character")
		}
		*into = value
		return nil
	}
}

func toggle(into *bool) func(string) error {
	return func(value string) error {
		on, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("it must be true or false")
		}
		*into = on
		return nil
	}
}

func number(into *int, least, most int) func(string) error {
	return func(value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > most {
			return fmt.Errorf("it must be a whole number from %d to %d", least, most)
		}
		*into = n
		return nil
	}
}

const (
	zero     = time.Duration(0)
	positive = time.Millisecond
)

func duration(into *time.Duration, least time.Duration) func(string) error {
	return between(into, least, 24*time.Hour, "30s")
}

func someDuration(into **time.Duration, least time.Duration) func(string) error {
	return func(value string) error {
		*into = new(time.Duration)
		return duration(*into, least)(value)
	}
}

func between(into *time.Duration, least, most time.Duration, example string) func(string) error {
	return func(value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < least || d > most {
			short := strings.NewReplacer("h0m0s", "h", "m0s", "m")
			return fmt.Errorf("it must be a duration from %s to %s, for example %s", short.Replace(least.String()),
				short.Replace(most.String()), example)
		}
		*into = d
		return nil
	}
}

func oneOf(into *string, choices ...string) func(string) error {
	return func(value string) error {
		if !slices.Contains(choices, value) {
			return fmt.Errorf("it must be %s", strings.Join(choices, " or "))
		}
		*into = value
		return nil
	}
}

// level sets a level that may be set again while loggers use it.
func level(into **slog.LevelVar) func(string) error {
	return func(value string) error {
		levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
		l, ok := levels[strings.ToLower(value)]
		if !ok {
			return errors.New("it must be debug, info, warn or error")
		}
		if *into == nil {
			*into = new(slog.LevelVar)
		}
		(*into).Set(l)
		return nil
	}
}

func required(set func(string) error) func(string) error {
	return func(value string) error {
		if value == "" {
			return errors.New("it must not be empty")
		}
		return set(value)
	}
}

// optional takes an empty value for "not used".
func optional(set func(string) error) func(string) error {
	return func(value string) error {
		if value == "" {
			return nil
		}
		return set(value)
	}
}

func address(into *string) func(string) error {
	return func(value string) error {
		_, port, err := net.SplitHostPort(value)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return errors.New("it must be host:port with a port number, for example 127.0.0.1:8080 or :8080")
		}
		*into = value
		return nil
	}
}

func webURL(into *string) func(string) error {
	return func(value string) error {
		u, err := url.Parse(value)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" ||
			u.Fragment != "" || u.User != nil {
			return errors.New("it must be an http or https URL without a query, for example https://roster.example.com")
		}
		*into = strings.TrimSuffix(value, "/")
		return nil
	}
}

func providers(into *[]signin.Provider) func(string) error {
	return func(value string) (err error) {
		*into, err = signin.ReadProviders(value)
		return err
	}
}

func proxy(into **url.URL) func(string) error {
	return func(value string) error {
		u, err := url.Parse(value)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return errors.New("it must be an http or https URL, for example http://proxy.internal:4750")
		}
		*into = u
		return nil
	}
}

func otlpEndpoint(into **url.URL) func(string) error {
	return func(value string) error {
		u, err := url.Parse(value)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Fragment != "" {
			return errors.New("it must be an http or https URL, for example http://127.0.0.1:4318")
		}
		*into = u
		return nil
	}
}

// debugAddress takes an address without a host for one that only this machine reaches.
func debugAddress(into *string) func(string) error {
	return func(value string) error {
		if err := address(into)(value); err != nil {
			return err
		}
		if strings.HasPrefix(value, ":") {
			*into = "127.0.0.1" + value
		}
		return nil
	}
}

func databaseURL(into *string) func(string) error {
	return optional(func(value string) error {
		scheme, rest, _ := strings.Cut(value, ":")
		switch scheme {
		case "postgres", "postgresql":
			if err := checkPostgresURL(value); err != nil {
				return err
			}
		case "sqlite":
			if rest == "" || strings.Contains(rest, ":memory:") || strings.ContainsAny(rest, "?\x00") {
				return errors.New("it must name a file after sqlite:, without options")
			}
			if strings.TrimSpace(rest) != rest { // which would be part of the name
				return errors.New("it must name a file after sqlite:, without white space around it")
			}
		default:
			return errors.New("it must start with postgres:// or be sqlite: and a file")
		}
		*into = value
		return nil
	})
}

func networks(into *[]netip.Prefix) func(string) error {
	return func(value string) error {
		*into = nil
		for _, item := range list(value) {
			network, err := netip.ParsePrefix(item)
			if err != nil || network != network.Masked() {
				return fmt.Errorf("%q is not a network such as 10.0.0.0/8 or fd00::/8", item)
			}
			*into = append(*into, network)
		}
		return nil
	}
}

func origins(into *[]string) func(string) error {
	return func(value string) error {
		*into = nil
		for _, item := range list(value) {
			u, err := url.Parse(item)
			if item != "*" && (err != nil || u.Host == "" || item != u.Scheme+"://"+u.Host) {
				return fmt.Errorf("%q is not an origin such as https://console.example.com", item)
			}
			*into = append(*into, item)
		}
		if slices.Contains(*into, "*") && len(*into) > 1 {
			return errors.New("* stands alone")
		}
		return nil
	}
}

// list splits at commas and leaves out what is empty.
func list(value string) []string {
	var items []string
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// mailServer takes an empty value for no mail server.
func mailServer(into **mail.Server) func(string) error {
	return optional(func(value string) error {
		server, err := mail.ParseServer(value)
		*into = &server
		return err
	})
}

func mailAddress(into **netmail.Address) func(string) error {
	return func(value string) error {
		address, err := netmail.ParseAddress(value)
		if err != nil {
			return errors.New("it must be an address, for example Roster <no-reply@example.com>")
		}
		*into = address
		return nil
	}
}
