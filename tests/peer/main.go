// Command peer reads Telegram by gotd, which shares no code with the client under test, and writes what it found in a
// simple form: jobs in (one JSON object a line), answers out (the same). It signs in on a key that it exchanges itself.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/gotd/td/crypto"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/dcs"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func main() {
	address := flag.String("address", "", "host:port of data centre 2")
	keyFile := flag.String("key", "", "file with the data centre's RSA public key")
	phone := flag.String("phone", "", "whose account")
	code := flag.String("code", "", "the login code")
	flag.Parse()
	if err := run(*address, *keyFile, *phone, *code); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(address, keyFile, phone, code string) error {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return err
	}
	pem, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	keys, err := crypto.ParseRSAPublicKeys(pem)
	if err != nil {
		return err
	}
	trusted := []telegram.PublicKey{}
	for _, key := range keys {
		trusted = append(trusted, telegram.PublicKey{RSA: key})
	}
	client := telegram.NewClient(1, "00000000000000000000000000000000", telegram.Options{
		DC:         2,
		DCList:     dcs.List{Options: []tg.DCOption{{ID: 2, IPAddress: host, Port: port}}},
		PublicKeys: trusted,
		NoUpdates:  true,
	})
	return client.Run(context.Background(), func(ctx context.Context) error {
		if err := signIn(ctx, client.API(), phone, code); err != nil {
			return err
		}
		return serve(ctx, client.API())
	})
}

func signIn(ctx context.Context, api *tg.Client, phone, code string) error {
	sent, err := api.AuthSendCode(ctx, &tg.AuthSendCodeRequest{
		PhoneNumber: phone, APIID: 1, APIHash: "00000000000000000000000000000000",
	})
	if err != nil {
		return err
	}
	ticket, ok := sent.(*tg.AuthSentCode)
	if !ok {
		return fmt.Errorf("no code was sent: %s", sent.TypeName())
	}
	answer, err := api.AuthSignIn(ctx, &tg.AuthSignInRequest{
		PhoneNumber: phone, PhoneCodeHash: ticket.PhoneCodeHash, PhoneCode: code,
	})
	if err != nil {
		return err
	}
	if _, ok := answer.(*tg.AuthAuthorization); !ok {
		return fmt.Errorf("not signed in: %s", answer.TypeName())
	}
	return nil
}

// serve answers jobs until standard input ends: each with lines of its items, then one that says it is done.
func serve(ctx context.Context, api *tg.Client) error {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	reader, err := newReader(ctx, api)
	if err != nil {
		return err
	}
	if err := out.Encode(map[string]any{"self": reader.self}); err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var job Job
		if err := json.Unmarshal(lines.Bytes(), &job); err != nil {
			return err
		}
		end := map[string]any{"done": true}
		if err := reader.do(ctx, job, out.Encode); err != nil {
			var refused *tgerr.Error
			if !errors.As(err, &refused) {
				return err
			}
			end = map[string]any{"error": refused.Type}
		}
		if err := out.Encode(end); err != nil {
			return err
		}
	}
	return lines.Err()
}
