// Package selftest attacks a system that masks health data, from the outside, as a
// consumer, and grades the result. It has what its runners share: canaries, which are
// originals that the operator knows; the search for them in responses; probes, reports
// and grades. Package suite has the attacks as data. Packages sqlattack and fhirattack
// run them over the wire, against any target, and know nothing of Veil. Package
// deployment checks a Veil by its configuration.
//
//	report := selftest.NewReport(version)
//	err := sqlattack.Run(ctx, dsn, canaries, limits, report)
//	report.Finish()
//	report.WriteText(os.Stdout)
//
// No probe, report or error contains a value of the data: probes name columns,
// elements, rules and files.
package selftest
