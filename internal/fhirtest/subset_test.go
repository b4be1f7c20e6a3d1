package fhirtest

import "testing"

func TestSubset(t *testing.T) {
	const resource = `{"resourceType":"Patient","id":"1","meta":{"versionId":"1","tag":[{"code":"a"}]},"text":{"div":"x"},"gender":"male","birthDate":"1980","_birthDate":{"id":"b"},"photo":[{}]}`
	const head = `{"resourceType":"Patient","id":"1","meta":{"versionId":"1","tag":[{"code":"a"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}`
	for _, tc := range []struct {
		name string
		q    query
		want string
	}{
		{"all", query{}, resource},
		{"summary false", query{summary: "false"}, resource},
		{"elements with siblings", query{elements: []string{"birthDate"}}, head + `,"birthDate":"1980","_birthDate":{"id":"b"}}`},
		{"no such element", query{elements: []string{"shoe"}}, head + `}`},
		{"summary", query{summary: "true"}, head + `,"gender":"male","birthDate":"1980"}`},
		{"text", query{summary: "text"}, head + `,"text":{"div":"x"}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(subset([]byte(resource), &tc.q)); got != tc.want {
				t.Errorf("got %s", got)
			}
		})
	}
	const bare = `{"versionId":"1"}`
	if got := string(markSubsetted([]byte(bare))); got != `{"versionId":"1","tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}` {
		t.Errorf("a meta without tags becomes %s", got)
	}
}
