package signin_test

import (
	"context"
	"fmt"
	"os"

	"github.com/valyala/fasthttp"
	"github.com/veil-proxy/veil/proxy/signin"
)

func ExampleNew() {
	os.Setenv("FHIR_API_KEY", "the key")
	ctx := context.Background()
	credentials, err := signin.New(ctx, signin.Config{
		Headers: []signin.Header{{Name: "X-API-Key", Value: signin.Secret{Env: "FHIR_API_KEY"}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	req := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(req)
	req.SetRequestURI("https://fhir.example.org/fhir/Patient/1")
	if err := credentials.Authorize(ctx, req); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(req.Header.Peek("X-API-Key")))

	_, err = signin.New(ctx, signin.Config{
		BackendServices: &signin.BackendServices{TokenURL: "http://idp.example.org/token", ClientID: "veil", Scopes: []string{"system/*.rs"}},
	})
	fmt.Println(err)
	// Output:
	// the key
	// backendServices.tokenURL: expected an https URL without a user (http only to this machine)
	// backendServices.key: expected either file or env
}
