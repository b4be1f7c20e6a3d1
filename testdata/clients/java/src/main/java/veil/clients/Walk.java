package veil.clients;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.Parameters;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Resource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.StrictErrorHandler;
import ca.uhn.fhir.rest.api.SearchStyleEnum;
import ca.uhn.fhir.rest.client.api.IClientInterceptor;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.api.IHttpRequest;
import ca.uhn.fhir.rest.client.api.IHttpResponse;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.util.VersionUtil;

/**
 * HAPI FHIR's generic client, with a parser that refuses what is not FHIR R4, in JSON and XML; and a
 * bulk export by plain HTTP, which is all that HAPI has for it.
 *
 * <p>Arguments: the base URL and the file of facts.
 */
public final class Walk {
    private static final int PAGE = 7; // small, so that a search has many pages
    private static final int SAMPLE = 10; // how many resources of a large type are read one by one
    private static final Duration EXPORT = Duration.ofMinutes(2);

    private final String base;
    private final JsonNode counts;
    private final List<String> planted = new ArrayList<>();
    private final String token = System.getenv("VEIL_TOKEN");
    private final FhirContext fhir = FhirContext.forR4();
    private final IGenericClient client;
    private final HttpClient http = HttpClient.newHttpClient();
    private long checked;

    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            System.err.println("usage: Walk BASE FACTS");
            System.exit(2);
        }
        new Walk(args[0], new ObjectMapper().readTree(Path.of(args[1]).toFile())).walk();
    }

    private Walk(String base, JsonNode facts) {
        this.base = base;
        counts = facts.get("counts");
        facts.get("planted").forEach(v -> planted.add(v.asText()));
        fhir.setParserErrorHandler(new StrictErrorHandler());
        fhir.getRestfulClientFactory().setSocketTimeout(60_000);
        client = fhir.newRestfulGenericClient(base);
        client.registerInterceptor(new Check());
        if (token != null) {
            client.registerInterceptor(new BearerTokenAuthInterceptor(token));
        }
    }

    private void walk() throws Exception {
        CapabilityStatement metadata = client.capabilities().ofType(CapabilityStatement.class).execute();
        expect(metadata.getFhirVersion().toCode().equals("4.0.1"), "metadata is not of R4");

        Set<String> patients = allThere("Patient", search(Patient.class, PAGE));
        List<Resource> found = search(Observation.class, 100);
        Set<String> observations = allThere("Observation", found);
        for (String id : patients) {
            Patient json = client.read().resource(Patient.class).withId(id).encodedJson().execute();
            Patient xml = client.read().resource(Patient.class).withId(id).encodedXml().execute();
            expect(json.getIdElement().getIdPart().equals(id), "Patient: the read has another id");
            expect(json.equalsDeep(xml), "Patient: JSON and XML differ");
        }
        for (Resource r : found.subList(0, SAMPLE)) {
            Observation read = client.read().resource(Observation.class).withId(r.getIdPart()).execute();
            expect(text(read).equals(text(r)), "Observation: read and search differ");
        }

        String one = patients.iterator().next();
        Bundle first = client.operation().onInstance("Patient/" + one).named("$everything")
            .withNoParameters(Parameters.class).useHttpGet().returnResourceType(Bundle.class).execute();
        List<Resource> record = pages(first);
        expect(idsOf(record, "Patient").contains(one), "$everything lacks the patient");
        List<String> own = idsOf(pages(client.search().forResource(Observation.class)
            .where(Observation.PATIENT.hasId(one)).count(PAGE).returnBundle(Bundle.class).execute()), "Observation");
        expect(!own.isEmpty() && new HashSet<>(idsOf(record, "Observation")).containsAll(own),
            "$everything lacks what search finds");

        // By POST the client writes some parameters into the URL and into the form.
        List<String> posted = idsOf(pages(client.search().forResource(Observation.class)
            .where(Observation.PATIENT.hasId(one)).elementsSubset("status", "subject").count(PAGE)
            .usingStyle(SearchStyleEnum.POST).returnBundle(Bundle.class).execute()), "Observation");
        expect(new HashSet<>(posted).equals(new HashSet<>(own)), "a search by POST finds others than one by GET");
        // What is too long for a URL goes by POST unasked.
        List<String> many = observations.stream().limit(100).toList();
        List<String> byId = idsOf(pages(client.search().forResource(Observation.class)
            .where(Resource.RES_ID.exactly().codes(many)).elementsSubset("status").count(50)
            .returnBundle(Bundle.class).execute()), "Observation");
        expect(new HashSet<>(byId).equals(new HashSet<>(many)), "a search for many ids finds others");
        // The first day of a year bounds the year.
        int since = 0;
        for (Resource r : pages(client.search().forResource(Observation.class)
            .where(Observation.DATE.afterOrEquals().day("2020-01-01")).sort().descending(Observation.DATE).count(100)
            .returnBundle(Bundle.class).execute())) {
            if (r instanceof Observation o) {
                String shown = o.hasEffectiveDateTimeType() ? o.getEffectiveDateTimeType().getValueAsString() : null;
                expect(shown == null || shown.compareTo("2020") >= 0, "a search by year finds an earlier one");
                since++;
            }
        }
        expect(since > 0, "a search by year finds nothing");

        Map<String, List<Resource>> files = export("Patient", "Observation");
        expect(patients.equals(new TreeSet<>(idsOf(files.get("Patient"), "Patient"))), "Patient: search and export differ");
        expect(observations.equals(new TreeSet<>(idsOf(files.get("Observation"), "Observation"))),
            "Observation: search and export differ");
        System.out.printf("HAPI client %s: %d Patient, %d Observation; %d characters without a planted value%n",
            VersionUtil.getVersion(), patients.size(), observations.size(), checked);
    }

    private String text(Resource r) {
        return fhir.newJsonParser().encodeResourceToString(r);
    }

    private static void expect(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    /** Fails if a text that was received shows a planted value. */
    private void check(String text) {
        checked += text.length();
        for (String value : planted) {
            expect(!text.contains(value), "received a planted value of " + value.length() + " characters");
        }
    }

    private List<Resource> search(Class<? extends Resource> type, int count) {
        return pages(client.search().forResource(type).count(count).returnBundle(Bundle.class).execute());
    }

    /** The resources of a Bundle and of the pages after it. */
    private List<Resource> pages(Bundle bundle) {
        List<Resource> resources = new ArrayList<>();
        while (true) {
            bundle.getEntry().forEach(e -> resources.add(e.getResource()));
            if (bundle.getLink(Bundle.LINK_NEXT) == null) {
                return resources;
            }
            bundle = client.loadPage().next(bundle).execute();
        }
    }

    private static List<String> idsOf(List<Resource> resources, String type) {
        return resources.stream().filter(r -> r.fhirType().equals(type)).map(Resource::getIdPart).toList();
    }

    /** Fails if the resources of a type are not as many as there are, each once. */
    private Set<String> allThere(String type, List<Resource> resources) {
        List<String> ids = idsOf(resources, type);
        Set<String> set = new TreeSet<>(ids);
        expect(set.size() == ids.size(), type + ": an id comes twice");
        expect(ids.size() == counts.get(type).asInt(), type + ": " + ids.size() + " of " + counts.get(type));
        return set;
    }

    private Map<String, List<Resource>> export(String... types) throws Exception {
        HttpResponse<String> kick = get(base + "/$export?_type=" + String.join(",", types),
            "Accept", "application/fhir+json", "Prefer", "respond-async");
        expect(kick.statusCode() == 202, "export: status " + kick.statusCode() + ": " + kick.body());
        String job = kick.headers().firstValue("Content-Location").orElseThrow();
        expect(job.startsWith(base), "the job is not at the server that was asked");
        long deadline = System.nanoTime() + EXPORT.toNanos();
        HttpResponse<String> status = get(job);
        for (; status.statusCode() == 202; status = get(job)) {
            expect(System.nanoTime() < deadline, "the export does not end");
            Thread.sleep(1000 * Math.min(5, status.headers().firstValueAsLong("Retry-After").orElse(1)));
        }
        expect(status.statusCode() == 200, "export: status " + status.statusCode() + ": " + status.body());
        Map<String, List<Resource>> resources = new HashMap<>();
        for (JsonNode file : new ObjectMapper().readTree(status.body()).get("output")) {
            String url = file.get("url").asText();
            expect(url.startsWith(base), "a file is not at the server that was asked");
            HttpResponse<String> answer = get(url, "Accept", "application/fhir+ndjson");
            expect(answer.statusCode() == 200, "export file: status " + answer.statusCode());
            List<Resource> list = resources.computeIfAbsent(file.get("type").asText(), t -> new ArrayList<>());
            answer.body().lines().forEach(line -> list.add((Resource) fhir.newJsonParser().parseResource(line)));
        }
        return resources;
    }

    private HttpResponse<String> get(String url, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        if (headers.length > 0) {
            request.headers(headers);
        }
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        HttpResponse<String> response =
            http.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        check(response.body());
        return response;
    }

    /** Looks at all that the generic client receives, before it is parsed. */
    private final class Check implements IClientInterceptor {
        @Override
        public void interceptRequest(IHttpRequest request) {
            // asked as it is
        }

        @Override
        public void interceptResponse(IHttpResponse response) throws IOException {
            response.bufferEntity();
            check(new String(response.readEntity().readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
