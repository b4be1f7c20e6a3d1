package veil.validator;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;

/**
 * Validates the FHIR R4 resources on standard input, one a line, against the definitions of FHIR R4,
 * and prints their errors, one a line, tab-separated: the number of the input's line, from 1; the
 * message's id; its place; its text. The last line is the number of resources.
 */
public final class Validate {
    public static void main(String[] args) throws Exception {
        FhirContext fhir = FhirContext.forR4();
        ValidationSupportChain support = new ValidationSupportChain(
            new DefaultProfileValidationSupport(fhir),
            new CommonCodeSystemsTerminologyService(fhir),
            new InMemoryTerminologyServerValidationSupport(fhir),
            new SnapshotGeneratingValidationSupport(fhir));
        FhirInstanceValidator instances = new FhirInstanceValidator(support);
        instances.setAnyExtensionsAllowed(true);
        FhirValidator validator = fhir.newValidator().registerValidatorModule(instances);

        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        int n = 0;
        for (String line; (line = in.readLine()) != null;) {
            n++;
            for (SingleValidationMessage m : validator.validateWithResult(line).getMessages()) {
                if (m.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0) {
                    out.println(n + "\t" + m.getMessageId() + "\t" + m.getLocationString() + "\t" + oneLine(m.getMessage()));
                }
            }
        }
        out.println(n);
        out.flush();
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s+", " ");
    }
}
